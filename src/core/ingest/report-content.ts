import { type readDestinations } from '@pladmed/protocol';
import { type KindName } from '../../measurement/kinds/index.js';
import {
  type BoundedDigest,
  digestResult,
  formatOf,
  FORMATS,
  type ResultFormat,
} from '../../measurement/kinds/result-formats.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ClockEstimate } from '../probes/index.js';
import { type ResultEntity } from './result.schema.js';

/** What a result weighs beside its content: names, times, a small summary. */
export const OVERHEAD_BYTES = 1024;

/** What is stored of a result in which nothing was sent: docs/protocol.md, "What counts". */
const NOTHING_SENT = {
  reason: 'nothing_sent',
  detail: 'the result shows that no packet was sent to any destination',
};

export interface RunReport {
  operation: ObjectId | undefined;
  probe: ObjectId;
  uniqueCode: string;
  scheduledAt?: Date;
  clock?: ClockEstimate;
}

/** A run that brought something back. */
export interface ResultReport extends RunReport {
  /** what the probe calls it: unchecked */
  format: string;
  content: Buffer;
  startedAt?: Date;
  durationMs?: number;
  /** what the probe said of the destinations, or why that cannot be read */
  told?: ReturnType<typeof readDestinations>;
}

/** A run that was due and could not be done. */
export interface FailureReport extends RunReport {
  reason: string;
  detail: string;
}

export type RefusalReason =
  | 'unknown_operation'
  | 'not_assigned'
  | 'bad_format'
  | 'too_large'
  | 'too_late'
  | 'too_much_extra';

/** What a summary weighs beyond what every result is reckoned with, in bytes. */
export type MoreBytes = number;

/** Decodes what a probe measured, and adds it to a result with its summary: of a small one at once. @returns why it is refused, if it is */
export function digestReport(
  report: ResultReport,
  kind: KindName,
  result: Partial<ResultEntity>,
): Promise<MoreBytes> | MoreBytes | RefusalReason {
  const format = formatOf(kind, report.format, report.scheduledAt !== undefined);
  if (format === undefined) return 'bad_format';
  const digested = digestResult(format, report.content, report.told?.destinations);
  if (digested instanceof Promise) return digested.then((each) => addContent(result, report, format, each));
  return addContent(result, report, format, digested);
}

/** Adds to a result what is stored of its content. */
function addContent(
  result: Partial<ResultEntity>,
  report: ResultReport,
  format: ResultFormat,
  digested: BoundedDigest,
): MoreBytes {
  const { destinations, problem } = report.told ?? {};
  const error = digested.error ?? problem;
  // a result that names no run is paid when it comes, whatever it shows
  const sentNothing = digested.sentNothing === true && report.scheduledAt !== undefined;
  const failure = digested.failure ?? (sentNothing ? NOTHING_SENT : undefined);
  result.outcome = failure ? 'failed' : 'stored';
  if (failure) result.failure = failure;
  result.format = format;
  result.raw = report.content;
  result.summary = digested.summary;
  result.summary_rules = FORMATS[format].rules;
  if (digested.rtts) result.rtts = digested.rtts;
  if (destinations) result.destinations = destinations;
  if (error !== undefined) result.decode_error = error;
  if (report.startedAt) result.started_at = report.startedAt;
  if (report.durationMs !== undefined) result.duration_ms = report.durationMs;
  return Math.max(0, digested.summaryBytes + (digested.rtts?.length ?? 0) - OVERHEAD_BYTES);
}
