import { type Bound } from '../limits/limit-hits.js';
import { CATALOGUE, type ErrorCode } from './catalogue.js';

/** One wrong member of what a caller sent. */
export interface Violation {
  /** path of the member, for example `params.maxttl` */
  field: string;
  /** what would be right, as the end of a sentence that begins with the field */
  message: string;
  /** the names from the outermost to the member, where `field` cannot tell: a name may have a dot */
  path?: readonly string[];
  /** the wrong items of a list, counted from 0 */
  positions?: readonly number[];
  /** absent: in the body, or in the query where the method has no body */
  in?: 'body' | 'parameter' | 'header';
}

/** A caller's mistake, or a state that does not allow what was asked. Doors translate it; they never invent one. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ErrorCode,
    detail?: string,
    readonly violations: readonly Violation[] = [],
  ) {
    const { status, title } = CATALOGUE[code];
    super(detail ?? title);
    this.status = status;
    this.title = title;
  }

  /** A 400 that names each wrong field. */
  static invalid(...violations: Violation[]): DomainError {
    const detail = violations.map(({ field, message }) => `${field} ${message}`).join('; ');
    return new DomainError('invalid_request', detail, violations);
  }
}

/** A bound that was reached. */
export interface ReachedLimit {
  bound: Bound;
  limit: number;
  used: number;
  /** what the request would have added, where that is not simply one more */
  asked?: number;
  /** when there is room again; undefined: never, since more was asked for than the bound allows at any time */
  freeAt: Date | undefined;
  /** now, by the clock that `freeAt` goes by; absent: this server's */
  asOf?: Date;
  /** the address or name that is bounded, where it is one */
  target?: string;
}

/** A 429: it says what the limit is, what was used of it and when it is free again. */
export class LimitReachedError extends DomainError {
  constructor(
    code: 'too_many_attempts' | 'limit_reached',
    detail: string,
    readonly reached: ReachedLimit,
  ) {
    super(code, detail);
  }
}

/** A 412: it says at which revision the thing is now. */
export class ChangedMeanwhileError extends DomainError {
  /** @param what for the sentence: `The probe` @param revision undefined: there is no such thing */
  constructor(
    what: string,
    readonly revision: number | undefined,
  ) {
    const present = revision === undefined ? 'is not there' : `is at revision ${revision}`;
    super('changed_meanwhile', `${what} ${present}, which If-Match does not name`);
  }
}

/** What was there, and is deleted because it is older than it is kept. */
export class GoneError extends DomainError {
  constructor(
    detail: string,
    readonly deletedAt: Date,
  ) {
    super('gone', detail);
  }
}

/** How far the probes that match fall short of those that were asked for. */
export interface Shortage {
  asked: number;
  matching: number;
  /** all that there are */
  registered: number;
  /** each by itself: how many of all probes do not meet it, and how many would match if it were not asked */
  conditions: { condition: string; excludes: number; matching_without: number }[];
}

/** A choice of probes that cannot be made now; later it may. */
export class TooFewProbesError extends DomainError {
  constructor(readonly shortage: Shortage) {
    const { asked, matching, registered, conditions } = shortage;
    const why = conditions.map(({ condition, excludes }) => `${condition} excludes ${excludes}`).join(', ');
    super(
      'too_few_probes',
      `select.count asks for ${asked} probes and ${matching} match, of ${registered}${why && `: ${why}`}`,
    );
  }
}
