import { isIpLiteral } from '@pladmed/protocol';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { type Location } from '../locations/location.js';
import { locationsSchema, sumOf } from './locations.js';
import { type Asked, defaultTimeout, MEASUREMENT_TYPES, type MeasurementType, OPTIONS } from './options.js';
import { exact, text, truth, whole, word } from './rules.js';
import { bare, targetProblem } from './targets.js';

/** A measurement as it was asked for, with every default spelled out. */
export type MeasurementRequest = Asked & {
  /** seconds that a test may take */
  timeout: number;
  inProgressUpdates: boolean;
  /** tests in all */
  limit: number;
  /** or the id of an earlier measurement, whose probes are meant */
  locations: readonly Location[] | string;
};

/** What is wrong with a request: sentences by dotted path. */
export type WrongParams = Readonly<Record<string, string>>;

type Issues = z.core.$ZodIssue[];

/**
 * Reads the body of a request.
 * @param most tests that one measurement may have
 * @returns the request, or all that is wrong with it at once
 */
export function readRequest(
  body: Readonly<Record<string, unknown>>,
  most: number,
): { request: MeasurementRequest } | { params: WrongParams } {
  const params: Record<string, string> = {};
  const note = (issues: Issues, at: readonly string[] = []) => {
    for (const [path, sentence] of sentencesOf(issues, at)) params[path] ??= sentence;
  };
  const type = typeIn(body['type']);
  const { measurementOptions = {} } = body;
  const options = OPTIONS[type ?? 'ping'].safeParse(measurementOptions);
  if (type !== undefined && !options.success) note(options.error.issues, ['measurementOptions']);
  const common = commonSchema(body, most).safeParse(body);
  if (!common.success) note(common.error.issues);
  checkTarget(type, body, params);
  if (Object.keys(params).length > 0 || !common.success || !options.success) return { params };
  return { request: complete(type ?? 'ping', options.data, common.data) };
}

/** @returns the type that a body names, in any case */
function typeIn(value: unknown): MeasurementType | undefined {
  return word(MEASUREMENT_TYPES).safeParse(value).data;
}

/** To make one takes longer than to read by it: by what it depends on. */
const commonSchemas = new Map<string, ReturnType<typeof makeCommonSchema>>();

function commonSchema(body: Readonly<Record<string, unknown>>, most: number) {
  const isId = typeof body['locations'] === 'string';
  const isLimited = body['limit'] !== undefined;
  const key = JSON.stringify([most, isId, isLimited]);
  const known = commonSchemas.get(key) ?? makeCommonSchema(most, isId, isLimited);
  commonSchemas.set(key, known);
  return known;
}

function makeCommonSchema(most: number, isId: boolean, isLimited: boolean) {
  return exact({
    type: word(MEASUREMENT_TYPES),
    // both are checked by the type
    target: z.unknown().optional(),
    measurementOptions: z.record(z.string(), z.unknown(), { error: 'must be an object' }).optional(),
    timeout: whole(5, 30).optional(),
    inProgressUpdates: truth().default(false),
    limit: whole(1, most).optional(),
    locations: isId ? text(128, 1) : locationsSchema(most, isLimited).default([]),
  });
}

type Common = z.output<ReturnType<typeof makeCommonSchema>>;

/** The family may be chosen for a name only: an address has its own. */
function checkTarget(
  type: MeasurementType | undefined,
  { target, measurementOptions }: Readonly<Record<string, unknown>>,
  params: Record<string, string>,
): void {
  const options = (measurementOptions ?? {}) as {
    query?: { type?: unknown };
    ipVersion?: unknown;
    resolver?: unknown;
  };
  const { type: asked = '' } = options.query ?? {};
  const isReverse = type === 'dns' && typeof asked === 'string' && asked.toUpperCase() === 'PTR';
  const problem = targetProblem(target, type, isReverse);
  if (problem !== undefined) params['target'] ??= problem;
  if (type === undefined || options.ipVersion === undefined) return;
  const chosen = type === 'dns' ? options.resolver : target;
  if (typeof chosen === 'string' && !isIpLiteral(bare(chosen))) return;
  const whose = type === 'dns' ? 'a resolver that is a name' : 'a target that is a name';
  params['measurementOptions.ipVersion'] ??= `must be given with ${whose} only`;
}

function complete(
  type: MeasurementType,
  { ipVersion, ...options }: { ipVersion?: 4 | 6 | undefined; resolver?: string | undefined },
  { target: given, timeout, inProgressUpdates, limit, locations }: Common,
): MeasurementRequest {
  const target = bare(String(given));
  const address = type === 'dns' ? (options.resolver ?? '') : target;
  const family = ipVersion ?? (isIPv6(address) ? 6 : 4);
  const asked = { type, target, options: { ...options, ipVersion: family } } as Asked;
  return {
    ...asked,
    timeout: timeout ?? defaultTimeout(asked),
    inProgressUpdates,
    limit: limit ?? (typeof locations === 'string' ? 1 : Math.max(1, sumOf(locations))),
    locations,
  };
}

/** @returns dotted paths with what would be right there */
function* sentencesOf(issues: Issues, at: readonly string[]): Generator<[string, string]> {
  for (const issue of issues) {
    const path = [...at, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) yield [[...path, key].join('.'), 'is not known here'];
    else yield [path.join('.'), issue.message];
  }
}
