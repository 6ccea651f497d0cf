import { type Format, type Presentation } from '../formats/format.js';
import { checkObject, type DtoClass } from '../params/check-object.js';
import { InvalidParamsError, type Violation } from '../params/invalid-params.error.js';
import { MAX_DESTINATIONS } from '../params/param.rules.js';

/** Who asks: a classic route (what is unknown is tolerated) or the native API (it is an error). */
export type CallerMode = 'classic' | 'native';

export interface CheckedParams {
  /** Exactly as the caller gave it: stored, and shown as `params`. */
  accepted: Record<string, unknown>;
  /** Only known, checked parameters of this kind: the only thing that may ever reach a probe. */
  wire: Record<string, unknown>;
  /** List after list, in order; one named twice counts twice. */
  destinations: string[];
}

/** Packets that one run of one probe sends to one host. */
export interface Strike {
  /** an address or a name, as the caller wrote it; of an IPv6 address in a URL with its brackets */
  host: string;
  packets: number;
}

/** What a kind states of itself. A new kind is a folder beside this file and a line in index.ts. */
export interface KindDefinition<Name extends string, FormatName extends string> {
  readonly name: Name;
  /** Credits per destination and run. */
  readonly unitCost: number;
  /** Parameters on the native API; the times of an operation are not among them. */
  readonly paramsClass: DtoClass;
  /**
   * Of a kind that the classic routes and probes know: its parameters there, which may be fewer.
   * Absent: native probes only, created on the native API only.
   */
  readonly classicParamsClass?: DtoClass;
  /**
   * Whom one run of one probe strikes, with how many packets at the most: what all users together may send to one target is
   * bounded (docs/operations.md, "Limits"). A method, so that a kind may name the class of its parameters.
   * @param params checked: those that reach a probe
   */
  strikes(params: object, destinations: readonly string[]): Strike[];
  /** Names of the parameters that list its destinations on the native API; each of them is paid. */
  readonly destinationLists: readonly [string, ...string[]];
  /** Says which destinations of those lists are paid on the native API, where it is not every one; a list is empty if absent. */
  readonly destinationsOf?: (lists: readonly (readonly unknown[])[]) => unknown[];
  /** Destinations that one operation may have in all. */
  readonly maxDestinations: number;
  /** What native probes send of it, by the name of the format. */
  readonly formats: Readonly<Record<FormatName, Format>>;
  /** What classic probes send of it, where they know it. */
  readonly classicFormat?: 'warts' | 'gzip';
  /** What `result_format` may be on the classic routes; the first is the default. */
  readonly resultFormats: readonly [Presentation, ...Presentation[]];
  /** For the OpenAPI document. */
  readonly example: { summary: string; params: object; schedule: object };
}

/** A kind of measurement: its parameters, its price, the form of its results. */
export interface Kind<
  Name extends string = string,
  FormatName extends string = string,
> extends KindDefinition<Name, FormatName> {
  /**
   * Checks the parameters that a caller sent.
   * @throws InvalidParamsError that lists everything that is wrong
   */
  check(raw: unknown, mode: CallerMode): CheckedParams;
  /**
   * The `result_format` of a classic operation, from what the caller asked for. A kind that has a single
   * one takes no notice of the question: existing callers always send one.
   * @throws InvalidParamsError where there is a choice and it is none of them
   */
  resultFormat(asked: unknown): Presentation;
}

/** The same number of packets to each destination. */
export function toEach(destinations: readonly string[], packets: number): Strike[] {
  return destinations.map((host) => ({ host, packets }));
}

/** What a TCP connection with a question and an answer sends: opening, question, acknowledgements, end. */
export const CONNECTION_PACKETS = 5;
/** And one packet for so much of a long answer: every second full segment is acknowledged (RFC 9293, section 3.8.6.3). */
export const BYTES_AN_ACKNOWLEDGEMENT = 2 * 1_460;

/** What the classic contract pays for, whatever else is named. */
const CLASSIC_LISTS = ['ips', 'fqdns'] as const;

/** What most kinds need not say: destinations in `ips` and `fqdns`, as many as an operation may have. */
type Usual = 'destinationLists' | 'maxDestinations';

export function defineKind<Name extends string, FormatName extends string>(
  stated: Omit<KindDefinition<Name, FormatName>, Usual> &
    Partial<Pick<KindDefinition<Name, FormatName>, Usual>>,
): Kind<Name, FormatName> {
  const definition = {
    destinationLists: CLASSIC_LISTS,
    maxDestinations: MAX_DESTINATIONS,
    ...stated,
  };
  return {
    ...definition,
    check: (raw, mode) => checkParams(definition, raw, mode),
    resultFormat: (asked) => chooseFormat(definition.resultFormats, asked),
  };
}

type Checked = Pick<
  KindDefinition<string, string>,
  'name' | 'paramsClass' | 'classicParamsClass' | 'destinationLists' | 'destinationsOf' | 'maxDestinations'
>;

function checkParams(kind: Checked, raw: unknown, mode: CallerMode): CheckedParams {
  const dtoClass = mode === 'native' ? kind.paramsClass : kind.classicParamsClass;
  if (dtoClass === undefined) {
    throw new InvalidParamsError([{ field: 'kind', message: `must be a classic one, not ${kind.name}` }]);
  }
  const { known, violations } = checkObject(
    dtoClass,
    raw,
    'params',
    mode === 'native' ? 'refuse' : 'leave-out',
  );
  const destinationLists = mode === 'native' ? kind.destinationLists : CLASSIC_LISTS;
  const lists = destinationLists.map((name) => listIn(known, name));
  const destinations = mode === 'native' && kind.destinationsOf ? kind.destinationsOf(lists) : lists.flat();
  violations.push(...checkDestinations({ ...kind, destinationLists }, destinations, violations));
  if (violations.length > 0) throw new InvalidParamsError(violations);
  return { accepted: raw as Record<string, unknown>, wire: known, destinations: destinations as string[] };
}

/** Counted only where the lists themselves are right, so that one mistake is told once. */
function checkDestinations(
  { destinationLists, maxDestinations }: Checked,
  destinations: unknown[],
  found: Violation[],
): Violation[] {
  const about = ['params', ...destinationLists.map((name) => `params.${name}`)];
  if (found.some(({ field }) => about.includes(field))) return [];
  if (destinations.length === 0) {
    return [
      { field: 'params', message: `must name at least one destination in ${destinationLists.join(' or ')}` },
    ];
  }
  if (destinations.length > maxDestinations) {
    return [{ field: 'params', message: `must name at most ${maxDestinations} destinations in all` }];
  }
  return [];
}

function listIn(params: Record<string, unknown>, name: string): unknown[] {
  const list = params[name];
  return Array.isArray(list) ? list : [];
}

function chooseFormat(formats: readonly [Presentation, ...Presentation[]], asked: unknown): Presentation {
  if (asked === undefined || formats.length === 1) return formats[0];
  const chosen = formats.find((format) => format === asked);
  if (chosen) return chosen;
  throw new InvalidParamsError([{ field: 'result_format', message: `must be one of ${formats.join(', ')}` }]);
}
