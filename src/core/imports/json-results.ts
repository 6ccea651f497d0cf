import { clockEstimate, readDestinations } from '@pladmed/protocol';
import { z } from 'zod';
import { isKindName, type KindName, KINDS } from '../../measurement/kinds/index.js';
import {
  digestResult,
  FORMATS,
  RESULT_FORMATS,
  type ResultFormat,
} from '../../measurement/kinds/result-formats.js';
import { brokenBound } from '../../platform/limits/depth-check.js';
import { type OperationKind, WARTS } from '../assignments/index.js';
import { MAX_CONTENT_BYTES } from '../ingest/index.js';
import { FileError } from './file-error.js';
import { jsonValues } from './json-values.js';
import { type FileItem, type FileResult } from './records.js';

const BOUNDS = { depth: 32, members: 100_000, containers: 100_000 };
/** Kinds of operations that are looked up in a file; it may name no more operations. */
const MOST_KINDS = 1_000;

const id = z.string().regex(/^[0-9a-f]{24}$/, 'must be 24 hexadecimal digits');
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const text = z.string().max(10_000);

/** A result as our exports and archives write it; what else there is in it follows from these members. */
const line = z.object({
  id,
  operation_id: id,
  probe_id: id,
  kind: z.string().max(50).optional(),
  unique_code: z.string().min(1).max(200).optional(),
  outcome: z.enum(['stored', 'failed']),
  received_at: instant,
  first_received_at: instant.nullish(),
  scheduled_at: instant.nullish(),
  started_at: instant.nullish(),
  duration_ms: z.number().nullish(),
  clock: clockEstimate.nullish(),
  format: z.enum(RESULT_FORMATS as [ResultFormat, ...ResultFormat[]]).nullish(),
  summary: z.array(z.record(z.string(), z.unknown())).max(1000).nullish(),
  destinations: z.unknown().optional(),
  decode_error: text.nullish(),
  failure: z.object({ reason: z.string().max(50), detail: text }).nullish(),
  off_schedule: z.boolean().optional(),
  raw: z.base64().nullish(),
  raw_deleted_at: instant.nullish(),
});
type Line = z.infer<typeof line>;

/** @returns what operations of a file measured, by their ids: a line may not say it itself */
export type KindsOf = () => Promise<ReadonlyMap<string, KindName>>;

/**
 * Results of our own exports: NDJSON, a page, a list or a single result, with or without their raw bytes (`raw`, base64).
 * @param kindsOf is asked once at the most
 * @throws FileError behind what came before the damage
 */
export async function* jsonResults(
  source: AsyncIterable<Uint8Array>,
  kindsOf: KindsOf,
): AsyncGenerator<FileItem, void> {
  let kinds: ReturnType<KindsOf> | undefined;
  let record = 0;
  for await (const value of jsonValues(source)) {
    yield await itemOf(value, record, () => (kinds ??= kindsOf()));
    record += 1;
  }
}

const saysKind = line.pick({ operation_id: true, kind: true, summary: true, format: true });

/** Reads what operations measured out of those results that say it, up to where the file is damaged. */
export async function kindsIn(source: AsyncIterable<Uint8Array>): Promise<Map<string, KindName>> {
  const kinds = new Map<string, KindName>();
  try {
    for await (const value of jsonValues(source)) {
      const read = saysKind.safeParse(value);
      const kind = read.success ? kindOf(read.data) : undefined;
      if (!read.success || kind === undefined) continue;
      if (kinds.size < MOST_KINDS) kinds.set(read.data.operation_id, kind);
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
  return kinds;
}

async function itemOf(value: unknown, record: number, kindsOf: KindsOf): Promise<FileItem> {
  const refused = (message: string): FileItem => ({ type: 'refused', record, message });
  if (value instanceof SyntaxError) return refused(`not JSON: ${value.message}`);
  if (typeof value !== 'object' || value === null) return refused('must be an object');
  const broken = brokenBound(value, BOUNDS);
  if (broken !== undefined) return refused(`it has too many ${broken}`);
  const read = line.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0];
    return refused(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const result = await resultOf(read.data, record, kindsOf);
  return typeof result === 'string' ? refused(result) : { type: 'result', result };
}

/** @returns why it cannot be stored, where it cannot */
async function resultOf(read: Line, record: number, kindsOf: KindsOf): Promise<FileResult | string> {
  const { outcome, format, failure, operation_id: operation, unique_code: uniqueCode } = read;
  if (outcome === 'failed' && !failure) return 'failure: must be given of a failed run';
  if (outcome === 'stored' && !format) return 'format: must be given of a stored result';
  const kind: OperationKind | undefined =
    kindOf(read) ?? (await kindsOf()).get(operation) ?? (format === 'warts' ? WARTS : undefined);
  const content = format ? await contentOf(read, kind, format) : {};
  if (typeof content === 'string') return content;
  return {
    ...{ record, operation, identity: read.id, probe: read.probe_id },
    exported: { id: read.id, ...(uniqueCode !== undefined && { uniqueCode }) },
    ...(kind !== undefined && { kind }),
    firstReceivedAt: read.first_received_at ?? read.received_at,
    members: { outcome, ...factsOf(read), ...content },
  };
}

function factsOf(read: Line): Omit<FileResult['members'], 'outcome'> {
  const { scheduled_at, started_at, duration_ms, clock, failure, off_schedule, decode_error } = read;
  return {
    ...(scheduled_at && { scheduled_at }),
    ...(started_at && { started_at }),
    ...(duration_ms != null && { duration_ms }),
    ...(clock && { clock }),
    ...(failure && { failure }),
    ...(off_schedule === true && { off_schedule }),
    ...(decode_error != null && { decode_error }),
  };
}

/** What the raw bytes say goes before what the file says of them. */
async function contentOf(
  { raw, raw_deleted_at, summary, destinations: told, decode_error }: Line,
  kind: OperationKind | undefined,
  format: ResultFormat,
): Promise<Partial<FileResult['members']> | string> {
  const { destinations, problem } = readDestinations(withoutNulls(told));
  if (problem !== undefined) return problem;
  const { rules } = FORMATS[format];
  const common = { format, summary_rules: rules, ...(destinations && { destinations }) };
  if (raw != null) {
    const bytes = Buffer.from(raw, 'base64');
    if (bytes.length > MAX_CONTENT_BYTES) return `raw: must be ${MAX_CONTENT_BYTES} bytes at most`;
    const digest = await digestResult(format, bytes, destinations);
    const error = digest.error ?? decode_error;
    return {
      ...{ ...common, raw: bytes, summary: digest.summary },
      ...(digest.rtts && { rtts: digest.rtts }),
      ...(error != null && { decode_error: error }),
    };
  }
  const deleted = raw_deleted_at && { raw_deleted_at };
  const entries = z.array(isKindName(kind) ? KINDS[kind].summary : z.never()).safeParse(summary ?? []);
  if (entries.success) return { ...common, ...deleted, summary: entries.data };
  const [issue] = entries.error.issues;
  return `summary.${issue?.path.join('.') ?? ''}: is none of ${kind ?? 'any kind'}`;
}

/** An export writes `note: null` where a destination has none. */
function withoutNulls(destinations: unknown): unknown {
  if (!Array.isArray(destinations)) return destinations;
  return destinations.map((each: unknown) =>
    typeof each === 'object' && each !== null && 'note' in each && each.note === null
      ? { ...each, note: undefined }
      : each,
  );
}

const KIND_OF_SUMMARY: Readonly<Record<string, KindName>> = { trace: 'traceroute' };

/** @returns undefined where it does not say it itself */
function kindOf({ kind, summary, format }: Pick<Line, 'kind' | 'summary' | 'format'>): KindName | undefined {
  const type = summary?.[0]?.['type'];
  const named = kind ?? (typeof type === 'string' ? (KIND_OF_SUMMARY[type] ?? type) : undefined) ?? format;
  if (isKindName(named)) return named;
  return format === 'gzip' ? 'dns' : undefined;
}
