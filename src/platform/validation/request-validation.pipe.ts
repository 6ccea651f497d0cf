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

/** A class of bodies with members that only its handler checks; the pipe asks it when it finds others wrong. */
export interface CheckedFurther {
  /** @returns what is wrong with those members, so that a caller hears of everything at once */
  violationsBeyond(body: Record<string, unknown>): Violation[];
}

/** The one pipe for what callers send: unknown members are errors, unless the class says it is tolerant. */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  private readonly strict = pipe(true);
  private readonly tolerant = pipe(false);

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { metatype } = metadata;
    const isTolerant = metatype !== undefined && Reflect.getMetadata(TOLERANT, metatype) === true;
    try {
      return await (isTolerant ? this.tolerant : this.strict).transform(value, metadata);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw DomainError.invalid(...violationsOfAll(error, value, metadata));
    }
  }
}

function violationsOfAll(
  { violations }: DomainError,
  value: unknown,
  { metatype, type }: ArgumentMetadata,
): Violation[] {
  if (type !== 'body') return violations.map((each) => ({ ...each, in: 'parameter' }));
  const { violationsBeyond } = (metatype ?? {}) as Partial<CheckedFurther>;
  const isObject = typeof value === 'object' && value !== null;
  const beyond = isObject ? (violationsBeyond?.(value as Record<string, unknown>) ?? []) : [];
  const known = new Set(violations.map(({ field }) => field));
  return [...violations, ...beyond.filter(({ field }) => !known.has(field))];
}

function pipe(forbidNonWhitelisted: boolean): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => DomainError.invalid(...errors.flatMap((error) => violationsOf(error, []))),
  });
}

function violationsOf(error: ValidationError, above: readonly string[]): Violation[] {
  const path = [...above, error.property];
  const own = Object.values(error.constraints ?? {}).map((message) => ({
    field: path.join('.'),
    message: withoutName(message, error.property),
    path,
  }));
  const nested = (error.children ?? []).flatMap((child) => violationsOf(child, path));
  return [...own, ...nested];
}

/** class-validator's own messages begin with the property; ours name the whole path. */
function withoutName(message: string, property: string): string {
  if (message === `property ${property} should not exist`) return 'is not known here';
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}
