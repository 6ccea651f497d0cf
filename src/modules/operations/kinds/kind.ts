import { checkObject, type DtoClass } from './check-object.js';
import { InvalidParamsError, type Violation } from './invalid-params.error.js';
import { MAX_DESTINATIONS } from './param.rules.js';

/** Who asks: a classic route (what is unknown is tolerated) or the native API (it is an error). */
export type CallerMode = 'classic' | 'native';

/** How a result is shown on the classic routes. */
export type ResultFormat = 'json' | 'dump' | 'text';

export interface CheckedParams {
  /** Exactly as the caller gave it: stored, and shown as `params`. */
  accepted: Record<string, unknown>;
  /** Only known, checked parameters of this kind: the only thing that may ever reach a probe. */
  wire: Record<string, unknown>;
  /** `ips`, then `fqdns`, in order; one named twice counts twice. */
  destinations: string[];
}

/** A kind of measurement: its parameters, its price, the form of its results. */
export interface Kind<Name extends string = string> {
  readonly name: Name;
  /** Credits per destination and run. */
  readonly unitCost: number;
  /** Parameters on the native API; the times of an operation are not among them. */
  readonly paramsClass: DtoClass;
  /**
   * Checks the parameters that a caller sent.
   * @throws InvalidParamsError that lists everything that is wrong
   */
  check(raw: unknown, mode: CallerMode): CheckedParams;
  /** What `result_format` may be on the classic route; the first is the default. */
  readonly resultFormats: readonly [ResultFormat, ...ResultFormat[]];
  /**
   * The `result_format` of a classic operation, from what the caller asked for. A kind that has a single
   * one takes no notice of the question: existing callers always send one.
   * @throws InvalidParamsError where there is a choice and it is none of them
   */
  resultFormat(asked: unknown): ResultFormat;
}

/** What a kind states of itself. */
export interface KindDefinition<Name extends string> {
  name: Name;
  unitCost: number;
  paramsClass: DtoClass;
  /** Where the classic routes know fewer parameters or values than the native API. */
  classicParamsClass?: DtoClass;
  resultFormats: readonly [ResultFormat, ...ResultFormat[]];
}

export function defineKind<Name extends string>(definition: KindDefinition<Name>): Kind<Name> {
  const { name, unitCost, paramsClass, classicParamsClass = paramsClass, resultFormats } = definition;
  return {
    name,
    unitCost,
    paramsClass,
    resultFormats,
    check: (raw, mode) =>
      mode === 'native'
        ? checkParams(paramsClass, raw, 'refuse')
        : checkParams(classicParamsClass, raw, 'leave-out'),
    resultFormat: (asked) => chooseFormat(resultFormats, asked),
  };
}

function checkParams(dtoClass: DtoClass, raw: unknown, unknown: 'refuse' | 'leave-out'): CheckedParams {
  const { known, violations } = checkObject(dtoClass, raw, 'params', unknown);
  const destinations = [...listIn(known, 'ips'), ...listIn(known, 'fqdns')];
  violations.push(...checkDestinations(destinations, violations));
  if (violations.length > 0) throw new InvalidParamsError(violations);
  return { accepted: raw as Record<string, unknown>, wire: known, destinations: destinations as string[] };
}

/** Counted only where the lists themselves are right, so that one mistake is told once. */
function checkDestinations(destinations: unknown[], found: Violation[]): Violation[] {
  if (found.some(({ field }) => ['params', 'params.ips', 'params.fqdns'].includes(field))) return [];
  if (destinations.length === 0) {
    return [{ field: 'params', message: 'must name at least one destination in ips or fqdns' }];
  }
  if (destinations.length > MAX_DESTINATIONS) {
    return [{ field: 'params', message: `must name at most ${MAX_DESTINATIONS} destinations in all` }];
  }
  return [];
}

function listIn(params: Record<string, unknown>, name: 'ips' | 'fqdns'): unknown[] {
  const list = params[name];
  return Array.isArray(list) ? list : [];
}

function chooseFormat(formats: readonly [ResultFormat, ...ResultFormat[]], asked: unknown): ResultFormat {
  if (asked === undefined || formats.length === 1) return formats[0];
  const chosen = formats.find((format) => format === asked);
  if (chosen) return chosen;
  throw new InvalidParamsError([{ field: 'result_format', message: `must be one of ${formats.join(', ')}` }]);
}
