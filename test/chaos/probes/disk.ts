import { occurrences, type Occurrences } from '../../../probe/src/schedule/schedule.js';
import { LATEST_START_MS } from '../../../probe/src/scheduler/decide.js';
import { type Operation, PROTOCOL } from '../../../probe/src/protocol/protocol.js';
import { type Item } from './diary.js';

interface Held {
  operation: Operation;
  runs: Occurrences;
  /** when this disk got it first, milliseconds since 1970: runs before it are missed */
  since: number;
}

/** Does a run, or says why it was not done. */
export type DoRun = (operation: Operation, at: number, isMissed: boolean) => Item;

/** What a probe keeps: the operations that it has, how far it is with each, and what it has not delivered. */
export class Disk {
  readonly operations = new Map<string, Held>();
  /** by operation and run */
  readonly outbox = new Map<string, Item>();
  /** the last run that was begun or given up; also of operations that are gone, which may come again */
  private readonly settled = new Map<string, number>();

  constructor(private readonly doRun: DoRun) {}

  /** The desired state, or a change of it. @param until runs that are due later are not looked at */
  reconcile(
    operations: readonly Operation[],
    full: boolean,
    stopped: readonly string[],
    until: number,
  ): void {
    const wanted = new Set(operations.map(({ operation_id }) => operation_id));
    for (const id of full ? [...this.operations.keys()].filter((each) => !wanted.has(each)) : stopped) {
      this.drop(id, until);
    }
    for (const operation of operations) {
      const since = this.operations.get(operation.operation_id)?.since ?? until;
      this.operations.set(operation.operation_id, {
        operation,
        runs: occurrences(operation.schedule),
        since,
      });
    }
  }

  /** What was due before it went away is still said of it. */
  drop(id: string, until: number): void {
    const held = this.operations.get(id);
    if (held === undefined) return;
    this.settle(held, until);
    this.operations.delete(id);
  }

  /** Does what is due. */
  work(until: number): void {
    for (const held of this.operations.values()) this.settle(held, until);
  }

  get list(): Operation[] {
    return [...this.operations.values()].map(({ operation }) => operation);
  }

  /** Of one run of each operation, in all. */
  get costs(): number {
    return this.list.reduce((sum, { cost_per_run }) => sum + cost_per_run, 0);
  }

  /** Results that wait to be delivered, as `status` has it. */
  backlog() {
    const results = [...this.outbox.values()].filter((item) => 'content' in item);
    const counts: Record<string, number> = {};
    for (const { operation_id } of results) counts[operation_id] = (counts[operation_id] ?? 0) + 1;
    const most = Object.entries(counts).sort(([, a], [, b]) => b - a);
    return {
      results: results.length,
      bytes: results.reduce((sum, { content }) => sum + content.length, 0),
      by_operation: Object.fromEntries(most.slice(0, PROTOCOL.maxBacklogOperations)),
    };
  }

  delivered({ operation_id, scheduled_at }: Item): void {
    this.outbox.delete(operation_id + scheduled_at);
  }

  private settle({ operation, runs, since }: Held, until: number): void {
    const id = operation.operation_id;
    let at = runs.nextAfter(this.settled.get(id) ?? 0);
    for (; at !== null && at <= until; at = runs.nextAfter(at)) {
      this.settled.set(id, at);
      const isMissed = !runs.anyTime && (at < since || at < until - LATEST_START_MS);
      const item = this.doRun(operation, at, isMissed);
      this.outbox.set(item.operation_id + item.scheduled_at, item);
    }
  }
}
