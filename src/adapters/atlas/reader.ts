import { parseRfc3339 } from '@pladmed/protocol';
import { type Violation } from '../../platform/errors/domain.error.js';

/** The end of the time that the platform knows: nine digits and more are seconds beyond it. */
const MOST_SECONDS = 253_402_300_799;
const WITHOUT_ZONE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/** Reads the members of one object, and notes all that is wrong with them. A member that is null is absent: clients send some. */
export class Reader {
  constructor(
    private readonly members: Readonly<Record<string, unknown>>,
    private readonly path: readonly string[],
    readonly violations: Violation[],
  ) {}

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** Notes that a member is wrong. @param message the end of a sentence that begins with the member */
  refuse(name: string, message: string): void {
    const path = [...this.path, name];
    this.violations.push({ field: path.join('.'), path, message, in: 'body' });
  }

  integer(name: string, least: number, most: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
      return number;
    this.refuse(name, `must be an integer from ${least} to ${most}`);
    return undefined;
  }

  truth(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.refuse(name, 'must be true or false');
    return undefined;
  }

  text(name: string, most: number): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.length <= most) return value;
    this.refuse(name, `must be text of ${most} characters at most`);
    return undefined;
  }

  /** One of some words, in any case. @returns it as it stands among them */
  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const found = words.find(
      (word) => typeof value === 'string' && word.toLowerCase() === value.toLowerCase(),
    );
    if (found === undefined) this.refuse(name, `must be one of ${words.join(', ')}`);
    return found;
  }

  texts(name: string, most: number, longest: number): string[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const isRight =
      Array.isArray(value) &&
      value.length <= most &&
      value.every(
        (each): each is string => typeof each === 'string' && each.length > 0 && each.length <= longest,
      );
    if (isRight) return value;
    this.refuse(name, `must be a list of at most ${most} texts of 1 to ${longest} characters`);
    return undefined;
  }

  /** UNIX seconds, or an RFC 3339 time; one without a zone is in UTC. */
  time(name: string): Date | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const time = timeOf(value);
    if (time === undefined) this.refuse(name, 'must be a time in UNIX seconds, or an RFC 3339 time');
    return time;
  }

  /** Objects of a list. @returns undefined where it is none, or is empty */
  objects(name: string, most: number): Reader[] | undefined {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length === 0 || value.length > most) {
      this.refuse(name, `must be a list of 1 to ${most} objects`);
      return undefined;
    }
    return (value as unknown[]).map((each, index) => this.within([name, String(index)], each));
  }

  object(name: string): Reader | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : this.within([name], value);
  }

  /** A word, a number or a switch that changes nothing: it is shown as it came. */
  plain(name: string, longest: number): string | number | boolean | undefined {
    const value = this.value(name);
    if (typeof value === 'string' && value.length <= longest) return value;
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
    if (value !== undefined)
      this.refuse(name, `must be a number, true or false, or text of ${longest} characters at most`);
    return undefined;
  }

  /** A value of any type, for those that clients write in several ways. */
  value(name: string): unknown {
    return Object.hasOwn(this.members, name) ? (this.members[name] ?? undefined) : undefined;
  }

  private within(path: readonly string[], value: unknown): Reader {
    if (isObject(value)) return new Reader(value, [...this.path, ...path], this.violations);
    const whole = [...this.path, ...path];
    this.violations.push({ field: whole.join('.'), path: whole, message: 'must be an object', in: 'body' });
    return new Reader({}, [...this.path, ...path], this.violations);
  }
}

/** @returns undefined: it is no time */
export function timeOf(value: unknown): Date | undefined {
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  if (typeof seconds === 'number')
    return seconds >= 0 && seconds <= MOST_SECONDS ? new Date(Math.round(seconds * 1000)) : undefined;
  if (typeof value !== 'string') return undefined;
  if (!WITHOUT_ZONE.test(value)) return parseRfc3339(value);
  const [day = '', clock = '00:00'] = value.split(/[T ]/);
  return parseRfc3339(`${day}T${clock.length === 'hh:mm'.length ? `${clock}:00` : clock}Z`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
