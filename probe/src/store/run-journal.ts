import type { FailedItem, Operation } from '../protocol/protocol.js';
import { PROTOCOL } from '../protocol/protocol.js';
import { nextDue, type Stretch } from '../schedule/coverage.js';
import { occurrences } from '../schedule/schedule.js';
import { Journal } from './journal.js';
import {
  type Cause,
  type Gap,
  type RunJournalRecord,
  RunJournalState,
  type OperationState,
  runKey,
} from './run-journal.state.js';
import type { UsageRecord, UsageState } from './usage.state.js';

/** So that a server which stays away for weeks does not fill the memory with what failed meanwhile. */
const MOST_GAPS = 10_000;

/** How much of what a probe may hold is taken. */
export interface HeldOperations {
  count: number;
  /** Of all of them as JSON, in characters. */
  size: number;
  sizeOf: (id: string) => number | undefined;
}

export interface FailedBatch {
  items: FailedItem[];
  /** The gap of each item, and its moment: what `told` needs. */
  places: { seq: number; at: number }[];
}

/**
 * What the probe has to do, has begun and has to report. Every change is in memory at once and on disk when the returned
 * promise resolves; nothing that must not be done twice is done before that.
 */
export class RunJournal {
  private constructor(
    private readonly state: RunJournalState,
    private readonly journal: Journal<RunJournalRecord>,
    /** Lines of the journal that could not be read at the start. */
    readonly damaged: number,
  ) {}

  /** Reads the memory of an earlier life and writes it anew. @throws when the folder cannot be written; a full disk is none of that */
  static async open(folder: string): Promise<RunJournal> {
    const { records, damaged } = await Journal.read(folder);
    const state = new RunJournalState();
    // The checksum of each line says that this program wrote it; an earlier version may have written what this one does not take.
    const strange = records.filter((record) => !canApply(state, record as RunJournalRecord));
    const journal = new Journal<RunJournalRecord>(folder, () => state.snapshot());
    await journal.start();
    return new RunJournal(state, journal, damaged + strange.length);
  }

  get healthy(): boolean {
    return this.journal.healthy;
  }

  operations(): Iterable<OperationState> {
    return this.state.operations.values();
  }

  operation(id: string): OperationState | undefined {
    return this.state.operations.get(id);
  }

  operationIds(): Iterable<string> {
    return this.state.operations.keys();
  }

  /** Operations of which no run is to come, under way or still to be reported. */
  over(): string[] {
    const open = new Set<string>();
    for (const { id } of this.state.running.values()) open.add(id);
    for (const { id } of this.state.gaps.values()) open.add(id);
    const over: string[] = [];
    for (const [id, { runs, coverage }] of this.state.operations) {
      if (!open.has(id) && nextDue(runs, coverage) === null) over.push(id);
    }
    return over;
  }

  /** The sum of what the operations cost per run that are not over. */
  creditsInUse(): number {
    const over = new Set(this.over());
    let sum = 0;
    for (const [id, { operation }] of this.state.operations) if (!over.has(id)) sum += operation.cost_per_run;
    return sum;
  }

  /** Takes over what the server wants: adds or replaces, and drops. */
  async reconcile(add: readonly Operation[], drop: Iterable<string>): Promise<void> {
    const records: RunJournalRecord[] = add.map((operation) => ({ t: 'op', operation }));
    for (const id of drop) if (this.state.operations.has(id)) records.push({ t: 'drop', id });
    await this.commit(records);
  }

  /** Notes that runs are begun or can no longer be done. Begin no run before this resolves. */
  async settle(begun: readonly { id: string; run: Stretch }[], missed: readonly MissedRuns[]): Promise<void> {
    const records: RunJournalRecord[] = begun.map(({ id, run }) => ({
      t: 'begin',
      id,
      after: run.after,
      at: run.until,
    }));
    for (const each of missed) records.push(...this.gapRecords(each));
    await this.commit(records);
  }

  /** The result of a run is in the store. */
  async finished(id: string, at: number): Promise<void> {
    await this.commit([{ t: 'end', id, at }]);
  }

  /** A run that was begun came to nothing. */
  async failed(operation: Operation, at: number, cause: Cause): Promise<void> {
    const gap = this.gapRecords({ operation, stretch: { after: at - 1, until: at }, cause });
    await this.commit([...gap, { t: 'end', id: operation.operation_id, at }]);
  }

  /** Runs that were begun in an earlier life and have not ended. */
  interrupted(): { id: string; at: number }[] {
    return [...this.state.running.values()];
  }

  /** Whether a run is already among those to be reported as failed. */
  isReported(id: string, at: number): boolean {
    for (const gap of this.state.gaps.values())
      if (gap.id === id && gap.after < at && at <= gap.until) return true;
    return false;
  }

  /** A run that cannot be reported with its schedule, since its operation is no longer known. */
  async failedAlone(id: string, at: number, cause: Cause): Promise<void> {
    const schedule = { type: 'once', at: new Date(at).toISOString() } as const;
    const seq = ++this.state.lastSeq;
    await this.commit([
      { t: 'gap', seq, id, schedule, after: at - 1, until: at, ...cause },
      { t: 'end', id, at },
    ]);
  }

  /** What was used of the host's limits. */
  get usage(): UsageState {
    return this.state.usage;
  }

  /** Notes what was used. A crash in the next moment may forget it; nobody waits for that. */
  note(record: UsageRecord): void {
    void this.commit([record]).catch(() => undefined);
  }

  /** Says why nothing more is begun, in a sentence; null while failed runs can be noted. */
  fullness(): string | null {
    return this.gapCount < MOST_GAPS
      ? null
      : `the list of failed runs holds its limit of ${MOST_GAPS} stretches`;
  }

  /** What the known operations take up. */
  get held(): HeldOperations {
    const { operations, operationsSize } = this.state;
    return { count: operations.size, size: operationsSize, sizeOf: (id) => operations.get(id)?.size };
  }

  /** How many stretches of failed runs wait to be reported. */
  get gapCount(): number {
    return this.state.gaps.size;
  }

  /**
   * The next failed runs to report, oldest stretch first.
   * @param horizon runs after this moment are held back: a clock that jumped ahead may come back
   * @param wanted says of a stretch, by its number, whether it is to be among them
   */
  nextFailed(
    horizon: number,
    limit: number = PROTOCOL.maxBatchItems,
    wanted: (seq: number) => boolean = () => true,
  ): FailedBatch {
    const batch: FailedBatch = { items: [], places: [] };
    for (const gap of this.state.gaps.values()) {
      if (!wanted(gap.seq)) continue;
      const runs = occurrences(gap.schedule);
      for (let at = runs.nextAfter(gap.after); at !== null; at = runs.nextAfter(at)) {
        if (at > gap.until || at > horizon || batch.items.length >= limit) break;
        batch.items.push(failedItem(gap, at));
        batch.places.push({ seq: gap.seq, at });
      }
      if (batch.items.length >= limit) break;
    }
    return batch;
  }

  /** The server has these reports (the first `count` of a batch). A gap that holds no further run goes away. */
  async told(batch: FailedBatch, count: number): Promise<void> {
    const through = new Map<number, { id: string; at: number }>();
    for (const [index, { seq, at }] of batch.places.slice(0, count).entries()) {
      through.set(seq, { id: batch.items[index]?.operation_id ?? '', at });
    }
    const records: RunJournalRecord[] = [];
    for (const [seq, { id, at }] of through) {
      const gap = this.state.gaps.get(seq);
      if (gap === undefined || gap.until < at) {
        // Taken back while the report was under way: what was reported is not done any more.
        records.push({ t: 'cover', id, after: gap?.until ?? at - 1, until: at });
        if (gap === undefined) continue;
      }
      const next = occurrences(gap.schedule).nextAfter(at);
      records.push({ t: 'told', seq, until: next === null || next > gap.until ? gap.until : at });
    }
    await this.commit(records);
  }

  /** The clock went back: runs after `now` that were taken for missed, and not yet reported, are to be done after all. */
  async retractAfter(now: number): Promise<void> {
    const records: RunJournalRecord[] = [];
    for (const gap of this.state.gaps.values()) {
      if (gap.reason === 'missed' && gap.until > now)
        records.push({ t: 'retract', seq: gap.seq, until: now });
    }
    await this.commit(records);
  }

  async close(): Promise<void> {
    await this.journal.close();
  }

  /** Stretches that follow each other for the same reason become one, so that what is to be told stays small. */
  private gapRecords(missed: MissedRuns): RunJournalRecord[] {
    const { operation, stretch, cause } = missed;
    const id = operation.operation_id;
    const last = this.state.newestGapOf(id);
    if (last?.reason === cause.reason && last.detail === cause.detail && this.follows(id, last, stretch)) {
      return [{ t: 'extend', seq: last.seq, until: stretch.until }];
    }
    const seq = ++this.state.lastSeq;
    return [{ t: 'gap', seq, id, schedule: operation.schedule, ...stretch, ...cause }];
  }

  private follows(id: string, gap: Gap, stretch: Stretch): boolean {
    const state = this.state.operations.get(id);
    if (state === undefined || JSON.stringify(state.operation.schedule) !== JSON.stringify(gap.schedule))
      return false;
    return (
      stretch.until > gap.until && state.runs.nextAfter(gap.until) === state.runs.nextAfter(stretch.after)
    );
  }

  private async commit(records: RunJournalRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (const record of records) this.state.apply(record);
    await this.journal.append(records);
  }
}

export interface MissedRuns {
  operation: Operation;
  stretch: Stretch;
  cause: Cause;
}

/** Changes the state by a record of an earlier life, unless its schedule cannot be read. */
function canApply(state: RunJournalState, record: RunJournalRecord): boolean {
  try {
    if (record.t === 'gap') occurrences(record.schedule);
    state.apply(record);
    return true;
  } catch {
    return false;
  }
}

function failedItem(gap: Gap, at: number): FailedItem {
  return {
    operation_id: gap.id,
    scheduled_at: new Date(at).toISOString(),
    reason: gap.reason,
    detail: gap.detail.slice(0, PROTOCOL.maxDetailLength),
    clock: gap.clock,
  };
}

export { runKey };
