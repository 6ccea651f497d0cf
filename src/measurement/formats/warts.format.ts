import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DecodeLimits,
  DUMP_HEADER,
  DUMP_TYPES,
  FiguresDecoder,
  type FiguresRecord,
  type PingFigures,
  recordToDumpRow,
  recordToJson,
  StreamDecoder,
  summarize,
  type TraceRecord,
  WartsError,
  type WartsRecord,
} from '@pladmed/warts';
import { type Destination } from '@pladmed/protocol';
import { Turnstile } from '../../platform/limits/turnstile.js';
import { type MeasuredSummary, layBesideDestinations } from './destinations.js';
import { type Summary } from './summary.js';
import {
  type Digest,
  type Format,
  LargePartError,
  MAX_SUMMARIES,
  type Presentation,
  type ReadingLimits,
} from './format.js';
import { summariesOfOther } from './other-records.js';
import { ABOUT_THE_FILE, recordToPlain } from './plain-record.js';
import { packRtts } from './rtts.js';
import { gunzip, isGzip, MAX_UNZIPPED_BYTES, UnzipError, upTo } from './gunzip.js';

const INGEST_LIMITS: DecodeLimits = { maxRecords: 20_000, maxBytes: MAX_UNZIPPED_BYTES };
export const VIEW_LIMITS: DecodeLimits = { maxRecords: 200_000, maxBytes: MAX_UNZIPPED_BYTES };
/** What is decoded in one turn of the event loop, in bytes: a large result must not keep everybody else waiting. */
const SLICE_BYTES = 32 * 1024;
/** Characters that are handed on at once. */
const TEXT_AT_ONCE = 16 * 1024;
/** The longest that a timer knows: who waits has a place in the bounded room of the ingest. */
const NO_END_MS = 2 ** 31 - 1;
/** Large results that are digested at once: each may hold a record of 8 MB. */
const largeDigests = new Turnstile(2, Infinity, NO_END_MS);

/** What scamper writes (warts(5)), gzipped or not. */
export const wartsFormat: Format = {
  rules: 3,

  digest(raw: Buffer, destinations: readonly Destination[] = []): Promise<Digest> | Digest {
    const isSmall = raw.length <= SLICE_BYTES && !isGzip(raw);
    if (isSmall) return digestAtOnce(raw, destinations);
    return largeDigests.pass(() => digestInSlices(raw, destinations));
  },

  async *present(raw: Buffer, as: Presentation, { part, whole }: ReadingLimits = {}) {
    const limits = { ...VIEW_LIMITS, ...(part !== undefined && { maxRecordBytes: part }) };
    const view = as === 'dump' ? dumpView() : jsonView();
    yield view.begin;
    try {
      for await (const records of recordsOf(raw, new StreamDecoder(limits, view.types), whole))
        yield* textsOf(records, view);
    } catch (error) {
      const isLimit = error instanceof WartsError && error.code === 'limit';
      if (isLimit && part !== undefined) throw new LargePartError(error.message);
      damageOf(error);
    }
    yield view.end;
  },

  presentAtOnce(raw: Buffer, as: Presentation): string | undefined {
    if (raw.length > SLICE_BYTES || isGzip(raw)) return undefined;
    const view = as === 'dump' ? dumpView() : jsonView();
    const decoder = new StreamDecoder(VIEW_LIMITS, view.types);
    let text = view.begin;
    try {
      for (const record of decoder.push(raw)) text += view.textOf(record);
      decoder.finish();
    } catch (error) {
      damageOf(error);
      return undefined;
    }
    return text + view.end;
  },
};

/** Of a few bytes, without the turns of the event loop that slices take. */
function digestAtOnce(raw: Buffer, destinations: readonly Destination[]): Digest {
  const [decoder, found] = [new FiguresDecoder(INGEST_LIMITS), new Findings()];
  try {
    found.add(decoder.push(raw));
    decoder.finish();
  } catch (error) {
    return found.digestOf(raw, destinations, damageOf(error));
  }
  return found.digestOf(raw, destinations);
}

async function digestInSlices(raw: Buffer, destinations: readonly Destination[]): Promise<Digest> {
  const found = new Findings();
  try {
    for await (const records of recordsOf(raw, new FiguresDecoder(INGEST_LIMITS))) found.add(records);
  } catch (error) {
    return found.digestOf(raw, destinations, damageOf(error));
  }
  return found.digestOf(raw, destinations);
}

/** What the records of a file come to. */
class Findings {
  private readonly measured: MeasuredSummary[] = [];
  private readonly others: Summary[] = [];
  private sentNothing = true;

  add(records: Iterable<FiguresRecord>): void {
    const { measured, others } = this;
    for (const record of records) {
      this.sentNothing &&= showsNoPacket(record);
      if (record.type !== 'ping-figures' && record.type !== 'trace')
        addSome(others, summariesOfOther(record));
      else if (measured.length < MAX_SUMMARIES) measured.push(measuredIn(record));
    }
  }

  /** @param damage what is wrong with the bytes behind these records */
  digestOf(raw: Buffer, destinations: readonly Destination[], damage?: string): Digest {
    const laid = layBesideDestinations(this.measured, destinations).slice(0, MAX_SUMMARIES);
    // what was asked for is all that a probe's result has; files that are imported have other records, too
    const summary = laid.length > 0 ? laid.map(({ entry }) => entry) : this.others;
    const rtts = packRtts(laid.map((each) => each.measured?.rtts ?? []));
    const figures = { summary, ...(rtts && { rtts }) };
    // a tool that wrote nothing sent nothing
    if (raw.length === 0) return { ...figures, error: damage ?? 'empty', sentNothing: true };
    return damage === undefined
      ? { ...figures, sentNothing: this.sentNothing }
      : { ...figures, error: damage };
  }
}

function addSome(others: Summary[], more: readonly Summary[]): void {
  if (others.length < MAX_SUMMARIES) others.push(...more);
}

function measuredIn(record: PingFigures | TraceRecord): MeasuredSummary {
  const { userid } = record;
  return record.type === 'trace'
    ? { userid, summary: summarize(record) }
    : { userid, summary: record.summary, rtts: record.rtts_us };
}

/** Whether a record shows that no packet was sent: of other measurements than ours nobody claims that. */
function showsNoPacket(record: FiguresRecord): boolean {
  if (record.type === 'ping-figures' || record.type === 'trace') return packetsOf(record) === 0;
  return ABOUT_THE_FILE.has(record.type);
}

/** @returns how many packets went to the destination; of a traceroute that does not count them at least its hops */
function packetsOf(record: PingFigures | TraceRecord): number {
  if (record.type === 'ping-figures') return record.summary.sent;
  return Math.max(record.probe_count, record.hop_count, record.hops.length);
}

/** How a file is shown: what of it, and the JSON text around and for each record. */
interface View {
  types?: ReadonlySet<number>;
  begin: string;
  textOf: (record: WartsRecord) => string;
  end: string;
}

/**
 * An array with what sc_warts2json 20211212 prints, of record types that are newer what that of 20260420 prints, and of those that neither
 * prints (http, sting, sniff, dealias by MIDAR) what our decoder reads.
 */
function jsonView(): View {
  let separator = '';
  const textOf = (record: WartsRecord) => {
    const line = recordToJson(record) ?? recordToJson(record, '2026') ?? ownJson(record);
    if (line === undefined) return '';
    const text = separator + line;
    separator = ',';
    return text;
  };
  return { begin: '[', textOf, end: ']' };
}

function ownJson(record: WartsRecord): string | undefined {
  const members = recordToPlain(record);
  return members && JSON.stringify(members);
}

/** A string with the rows that sc_analysis_dump prints. */
function dumpView(): View {
  const inString = (text: string) => JSON.stringify(text).slice(1, -1);
  const textOf = (record: WartsRecord) => {
    const row = recordToDumpRow(record);
    return row === undefined ? '' : inString(`${row}\n`);
  };
  return { types: DUMP_TYPES, begin: `"${inString(`${DUMP_HEADER}\n`)}`, textOf, end: '"' };
}

/**
 * The text of records, some at a time: a slice of the file may become ten times as much text.
 * @throws WartsError behind the text of the records before the first that is damaged
 */
function* textsOf(records: Iterable<WartsRecord>, view: View): Generator<string, void> {
  let text = '';
  try {
    for (const record of records) {
      text += view.textOf(record);
      if (text.length < TEXT_AT_ONCE) continue;
      yield text;
      text = '';
    }
  } catch (error) {
    yield text;
    throw error;
  }
  yield text;
}

/**
 * The records of each slice of a file; all of a slice have to be taken before the next.
 * @param most bytes that the file may unpack to
 * @throws WartsError, UnzipError behind what came before the damage; LargeResultError behind `most` bytes
 */
export async function* recordsOf<Record>(
  raw: Buffer,
  decoder: { push(chunk: Uint8Array): Iterable<Record>; finish(): void },
  most = MAX_UNZIPPED_BYTES,
): AsyncGenerator<Iterable<Record>, void> {
  let unzipError: UnzipError | undefined;
  const all = isGzip(raw) ? gunzip(raw) : slicesOf(raw);
  const slices = most < MAX_UNZIPPED_BYTES ? upTo(most, all) : all;
  try {
    for await (const slice of slices) yield decoder.push(slice);
  } catch (error) {
    if (!(error instanceof UnzipError)) throw error;
    unzipError = error;
  }
  // a record that the damage has cut says so itself
  decoder.finish();
  if (unzipError !== undefined) throw unzipError;
}

async function* slicesOf(bytes: Buffer): AsyncGenerator<Buffer, void> {
  for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
    if (from > 0) await nextTurn();
    yield bytes.subarray(from, from + SLICE_BYTES);
  }
}

/** @throws what is no damage of the bytes */
export function damageOf(error: unknown): string {
  if (error instanceof WartsError || error instanceof UnzipError) return error.message;
  throw error;
}
