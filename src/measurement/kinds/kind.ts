import type { Params, ParamsOf } from '@pladmed/protocol';
import type { z } from 'zod';
import { type Summary } from '../formats/summary.js';
import { type Format, type Presentation } from '../formats/format.js';
import { checkObject, type UnknownMembers } from '../params/check-object.js';
import { InvalidParamsError } from '../params/invalid-params.error.js';

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

/** What a kind states of itself. A new kind is a folder beside this file and a line in index.ts; all sides: CONTRIBUTING.md. */
export interface KindStatement<P extends Params, Name extends string, FormatName extends string> {
  readonly name: Name;
  /** What it measures, in a sentence: for the OpenAPI document, and from there for the dashboard. */
  readonly description: string;
  /** Credits per destination and run. */
  readonly unitCost: number;
  /** Parameters on the native API; the times of an operation are not among them. */
  readonly params: P;
  /**
   * Of a kind that the classic routes and probes know: its parameters there, which may be fewer.
   * Absent: native probes only, created on the native API only.
   */
  readonly classicParams?: Params;
  /**
   * Whom one run of one probe strikes, with how many packets at the most: what all users together may send to one target is
   * bounded (docs/operations.md, "Limits").
   */
  readonly strikes: (params: ParamsOf<P>, destinations: readonly string[]) => Strike[];
  /** What native probes send of it, by the name of the format. */
  readonly formats: Readonly<Record<FormatName, Format>>;
  /** An entry of the summary of a result: figures of one destination or query. */
  readonly summary: z.ZodType<Summary>;
  /** What classic probes send of it, where they know it. */
  readonly classicFormat?: 'warts' | 'gzip';
  /** What `result_format` may be on the classic routes; the first is the default. */
  readonly resultFormats: readonly [Presentation, ...Presentation[]];
  /** For the OpenAPI document. */
  readonly example: { summary: string; params: object; schedule: object };
}

/** A kind of measurement: its parameters, its price, the form of its results. */
export interface Kind<Name extends string = string, FormatName extends string = string> extends Omit<
  KindStatement<Params, Name, FormatName>,
  'strikes'
> {
  /** @param params checked ones, with or without their defaults */
  strikes(params: object, destinations: readonly string[]): Strike[];
  /**
   * Checks the parameters that a caller sent.
   * @param unknownMembers refuse: what is not known is an error, and all parameters of the kind are known; ignore: it is kept as it
   *   came and never sent, and only those of the classic contract are known
   * @throws InvalidParamsError that lists everything that is wrong
   */
  check(raw: unknown, unknownMembers: UnknownMembers): CheckedParams;
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

export function defineKind<P extends Params, Name extends string, FormatName extends string>(
  stated: KindStatement<P, Name, FormatName>,
): Kind<Name, FormatName> {
  return {
    ...stated,
    // what a classic route takes of a kind, the native API takes as well
    strikes: (params, destinations) =>
      stated.strikes({ ...stated.params.defaults, ...params } as ParamsOf<P>, destinations),
    check: (raw, unknownMembers) => checkParams(stated, raw, unknownMembers),
    resultFormat: (asked) => chooseFormat(stated.resultFormats, asked),
  };
}

type Checked = Pick<Kind, 'name' | 'params' | 'classicParams'>;

function checkParams(kind: Checked, raw: unknown, unknownMembers: UnknownMembers): CheckedParams {
  const params = unknownMembers === 'refuse' ? kind.params : kind.classicParams;
  if (params === undefined) {
    throw new InvalidParamsError([{ field: 'kind', message: `must be a classic one, not ${kind.name}` }]);
  }
  const { known, violations } = checkObject(params.schema, raw, 'params', unknownMembers);
  if (violations.length > 0) throw new InvalidParamsError(violations);
  return {
    accepted: raw as Record<string, unknown>,
    wire: known,
    destinations: params.destinationsOf(known),
  };
}

function chooseFormat(formats: readonly [Presentation, ...Presentation[]], asked: unknown): Presentation {
  if (asked === undefined || formats.length === 1) return formats[0];
  const chosen = formats.find((format) => format === asked);
  if (chosen) return chosen;
  throw new InvalidParamsError([{ field: 'result_format', message: `must be one of ${formats.join(', ')}` }]);
}
