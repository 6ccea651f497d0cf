import { type ArgumentMetadata, Injectable, type PipeTransform, ValidationPipe } from '@nestjs/common';
import { type ValidationError } from 'class-validator';
import { DomainError, type Violation } from '../errors/domain.error.js';

const TOLERANT = Symbol('tolerant');

/** Members that the class does not know are left out silently: callers of the classic routes send some. */
export function Tolerant(): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(TOLERANT, true, target);
  };
}

/** The one pipe for what callers send: unknown members are errors, unless the class says it is tolerant. */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  private readonly strict = pipe(true);
  private readonly tolerant = pipe(false);

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const { metatype } = metadata;
    const isTolerant = metatype !== undefined && Reflect.getMetadata(TOLERANT, metatype) === true;
    return (isTolerant ? this.tolerant : this.strict).transform(value, metadata);
  }
}

function pipe(forbidNonWhitelisted: boolean): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => DomainError.invalid(...errors.flatMap((error) => violationsOf(error, ''))),
  });
}

function violationsOf(error: ValidationError, path: string): Violation[] {
  const field = path === '' ? error.property : `${path}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({
    field,
    message: withoutName(message, error.property),
  }));
  const nested = (error.children ?? []).flatMap((child) => violationsOf(child, field));
  return [...own, ...nested];
}

/** class-validator's own messages begin with the property; ours name the whole path. */
function withoutName(message: string, property: string): string {
  if (message === `property ${property} should not exist`) return 'is not known here';
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}
