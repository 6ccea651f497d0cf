import type { ClockEstimate, FailureReason, Operation, Schedule } from '../protocol/protocol.js';
import { cover, type Coverage, emptyCoverage, uncover } from '../schedule/coverage.js';
import { type Occurrences, occurrences } from '../schedule/schedule.js';
import { type UsageRecord, UsageState } from './usage.state.js';

/** Why runs were not done. */
export interface Cause {
  reason: FailureReason;
  detail: string;
  clock: ClockEstimate;
}

/**
 * Runs of one operation that were not done and are still to be reported: every moment of the schedule after `after`, up to
 * and with `until`. Two weeks of missed runs are one such record, whatever the interval.
 */
export interface Gap extends Cause {
  seq: number;
  id: string;
  schedule: Schedule;
  after: number;
  until: number;
}

/** One change of the probe's memory; the journal is a list of these. Times are ms since 1970. */
export type RunJournalRecord =
  | { t: 'op'; operation: Operation }
  | { t: 'drop'; id: string }
  | { t: 'cover'; id: string; after: number; until: number }
  | { t: 'begin'; id: string; after: number; at: number }
  | { t: 'end'; id: string; at: number }
  | ({ t: 'gap' } & Gap)
  | { t: 'extend'; seq: number; until: number }
  | { t: 'told'; seq: number; until: number }
  | { t: 'retract'; seq: number; until: number }
  | UsageRecord;

export interface OperationState {
  operation: Operation;
  runs: Occurrences;
  coverage: Coverage;
  /** Characters of the operation as JSON. */
  size: number;
}

/** Names a run on this probe. */
export function runKey(id: string, at: number): string {
  return `${id}-${at}`;
}

/** Everything the probe must remember over a restart, but for the results. Changed by records only, so that a replay gives the same. */
export class RunJournalState {
  readonly operations = new Map<string, OperationState>();
  /** Runs begun and neither stored nor failed. */
  readonly running = new Map<string, { id: string; at: number }>();
  readonly gaps = new Map<number, Gap>();
  readonly usage = new UsageState();
  /** The newest gap of each operation. */
  private readonly newestGaps = new Map<string, Gap>();
  operationsSize = 0;
  lastSeq = 0;

  apply(record: RunJournalRecord): void {
    switch (record.t) {
      case 'op':
        this.addOperation(record.operation);
        break;
      case 'drop':
        this.operationsSize -= this.operations.get(record.id)?.size ?? 0;
        this.operations.delete(record.id);
        break;
      case 'cover':
        this.cover(record.id, record.after, record.until);
        break;
      case 'begin':
        this.running.set(runKey(record.id, record.at), { id: record.id, at: record.at });
        this.cover(record.id, record.after, record.at);
        break;
      case 'end':
        this.running.delete(runKey(record.id, record.at));
        break;
      case 'gap': {
        const { t: _, ...gap } = record;
        this.gaps.set(gap.seq, gap);
        this.newestGaps.set(gap.id, gap);
        this.lastSeq = Math.max(this.lastSeq, gap.seq);
        this.cover(gap.id, gap.after, gap.until);
        break;
      }
      case 'extend':
      case 'told':
      case 'retract':
        this.changeGap(record);
        break;
      default:
        this.usage.apply(record);
    }
  }

  newestGapOf(id: string): Gap | undefined {
    return this.newestGaps.get(id);
  }

  private addOperation(operation: Operation): void {
    const known = this.operations.get(operation.operation_id);
    const size = JSON.stringify(operation).length;
    this.operations.set(operation.operation_id, {
      operation,
      runs: occurrences(operation.schedule),
      coverage: known?.coverage ?? emptyCoverage(),
      size,
    });
    this.operationsSize += size - (known?.size ?? 0);
  }

  private cover(id: string, after: number, until: number): void {
    const state = this.operations.get(id);
    if (state !== undefined) state.coverage = cover(state.coverage, { after, until });
  }

  private changeGap(
    record: Extract<RunJournalRecord, { seq: number; t: 'extend' | 'told' | 'retract' }>,
  ): void {
    const gap = this.gaps.get(record.seq);
    if (gap === undefined) return;
    if (record.t === 'extend') {
      this.cover(gap.id, gap.until, record.until);
      gap.until = record.until;
    } else if (record.t === 'told') {
      gap.after = Math.max(gap.after, record.until);
    } else {
      const state = this.operations.get(gap.id);
      const from = Math.max(gap.after, record.until);
      if (state !== undefined) state.coverage = uncover(state.coverage, { after: from, until: gap.until });
      gap.until = Math.min(gap.until, record.until);
    }
    if (gap.after < gap.until) return;
    this.gaps.delete(gap.seq);
    if (this.newestGaps.get(gap.id) === gap) this.newestGaps.delete(gap.id);
  }

  /** The records that make this state out of nothing. */
  snapshot(): RunJournalRecord[] {
    const records: RunJournalRecord[] = [];
    for (const [id, state] of this.operations) {
      records.push({ t: 'op', operation: state.operation });
      for (const { after, until } of state.coverage) records.push({ t: 'cover', id, after, until });
    }
    for (const { id, at } of this.running.values()) records.push({ t: 'begin', id, after: at, at });
    for (const gap of this.gaps.values()) records.push({ t: 'gap', ...gap });
    return [...records, ...this.usage.snapshot()];
  }
}
