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
      const found = violationsOfAll(error, value, metadata);
      if (metadata.type !== 'body') throw DomainError.invalid(...found);
      const check = async (body: unknown) => {
        try {
          await this.tolerant.transform(body, metadata);
          return [];
        } catch (other) {
          return other instanceof DomainError ? other.violations : [];
        }
      };
      throw DomainError.invalid(...(await withPositions(found, value, check)));
    }
  }
}

/** So many parts of lists of one body are looked at for their wrong items. */
const MOST_LOOKS = 300;

/** class-validator says that a list has a wrong item, not which: whichever is wrong alone. */
async function withPositions(
  violations: readonly Violation[],
  body: unknown,
  check: (body: unknown) => Promise<readonly Violation[]>,
): Promise<Violation[]> {
  let looks = 0;
  const told: Violation[] = [];
  for (const violation of violations) {
    const { field, message, path = [] } = violation;
    const items = valueAt(body, path);
    const bare = withoutLists(body, path);
    const positions: number[] = [];
    /** Halves a part of the list for as long as something in it is wrong. */
    const look = async (from: number, to: number): Promise<void> => {
      if (looks >= MOST_LOOKS || !Array.isArray(items)) return;
      looks += 1;
      const found = await check(replaced(bare, path, items.slice(from, to)));
      if (!found.some((each) => each.field === field && each.message === message)) return;
      if (to - from === 1) {
        positions.push(from);
        return;
      }
      const middle = Math.floor((from + to) / 2);
      await look(from, middle);
      await look(middle, to);
    };
    if (Array.isArray(items) && items.length > 0) await look(0, items.length);
    told.push(positions.length > 0 ? { ...violation, positions } : violation);
  }
  return told;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/**
 * A copy in which lists are empty, but for those that the path goes through: what stands beside a list need not be checked again with
 * each part of it, and whether it is there may matter.
 */
function withoutLists(value: unknown, path: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const [name, ...rest] = path;
  const member = (key: string, of: unknown): unknown => withoutLists(of, key === name ? rest : []);
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, member(key, of)]));
  return name === undefined ? [] : value.map((of: unknown, index) => member(String(index), of));
}

/** A copy with another member at the end of a path that is there. */
function replaced(value: unknown, path: readonly string[], member: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return member;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...(value as object) };
  const members = copy as Record<string, unknown>;
  members[name] = replaced(members[name], rest, member);
  return copy;
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
    validationError: { target: false },
    exceptionFactory: (errors) => DomainError.invalid(...errors.flatMap((error) => violationsOf(error, []))),
  });
}

function violationsOf(error: ValidationError, above: readonly string[]): Violation[] {
  const path = [...above, error.property];
  const sentence = sentenceOf(error);
  const own = sentence === undefined ? [] : [{ field: path.join('.'), message: sentence, path }];
  const nested = (error.children ?? []).flatMap((child) => violationsOf(child, path));
  return [...own, ...nested];
}

/** What a value is goes before how large or how long it may be: a text is not "greater than 20000". */
const TYPES: readonly string[] = ['isArray', 'isBoolean', 'isInt', 'isNumber', 'isString'];

/** @returns what is wrong with a member itself, in one sentence; undefined where that is inside of it */
function sentenceOf({ property, value, constraints = {} }: ValidationError): string | undefined {
  // of what is in a list, a rule of ours says more than "each value in it"
  const type = TYPES.find((each) => constraints[each]?.startsWith('each value in ') === false);
  const message = type === undefined ? Object.values(constraints)[0] : constraints[type];
  if (message === `property ${property} should not exist`) return 'is not known here';
  // class-validator's own messages begin with the property; ours name the whole path, and say by themselves what may be absent
  if (message?.startsWith(`${property} `) !== true) return message;
  return value === undefined ? 'must be given' : message.slice(property.length + 1);
}
