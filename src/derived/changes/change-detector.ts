import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PlatformTimesService } from '../../core/reliability/index.js';
import { RunFactsService } from '../../core/runs/index.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { ChangeRecorder } from './change-recorder.js';
import { ChangeStatesRepository } from './change-states.repository.js';
import { detect, type DetectionResult, keysBehind, type StateKey } from './detection.js';
import { type DueRuns, QUIET_RUNS, quietAfter, quietAfterSilences } from './quiet.js';
import { partsFor } from './state.js';
import { LoadedStates } from './loaded-states.js';

/** Operations whose schedules are remembered. */
const REMEMBERED = 20_000;

/** Finds what results show to have changed, and writes it down with what is kept for the next ones. */
@Injectable()
export class ChangeDetector {
  private readonly schedules = new LRUCache<string, { schedule: Schedule; numbers: RunNumbers }>({
    max: REMEMBERED,
  });

  constructor(
    private readonly states: ChangeStatesRepository,
    private readonly recorder: ChangeRecorder,
    private readonly facts: RunFactsService,
    private readonly platform: PlatformTimesService,
    private readonly clock: PlatformClock,
  ) {}

  /** Takes in results one after the other, in the order of the tail. All that it changes is in the transaction. */
  async take(results: readonly DetectionResult[], transaction: Transaction): Promise<void> {
    await this.learnSchedules(results.map(({ operation }) => operation));
    const states = await this.load(results, transaction);
    for (const result of results) {
      for (const { change } of detect(states, result, this.runsOf(result))) {
        if (change.type === 'return') await this.recordReturn(result, change.heard, transaction);
        else await this.recorder.record(change, result, transaction);
      }
    }
    await this.states.saveAll(
      states.changed(({ key, state, quietFrom }) =>
        key.part > 0 ? undefined : (quietFrom ?? this.firstQuiet(key, state.heard)),
      ),
      transaction,
    );
  }

  /** What a probe owes; undefined: a single run, or the operation is gone. */
  async dueRuns(key: Pick<StateKey, 'operation' | 'probe'>): Promise<DueRuns | undefined> {
    await this.learnSchedules([key.operation]);
    return this.runsOf(key);
  }

  private runsOf({ operation, probe }: Pick<StateKey, 'operation' | 'probe'>): DueRuns | undefined {
    const known = this.schedules.get(operation.toHexString());
    if (known === undefined) return undefined;
    const { schedule, numbers } = known;
    return numbers.count > QUIET_RUNS ? { numbers, offsetMs: spreadOffsetMs(schedule, probe) } : undefined;
  }

  private firstQuiet(key: StateKey, heard: number | undefined): Date | undefined {
    const runs = this.runsOf(key);
    const at = runs && heard !== undefined ? quietAfter(heard, runs) : undefined;
    return at === undefined ? undefined : new Date(at);
  }

  /** A probe that says something again: was it quiet? The platform's own silences, and a stop, are no fault of it. */
  private async recordReturn(
    { operation, probe, received_at }: DetectionResult,
    heard: number,
    transaction: Transaction,
  ): Promise<void> {
    const quietAt = await this.quietAt({ operation, probe }, heard);
    if (quietAt === undefined || quietAt > received_at.getTime()) return;
    if (!(await this.facts.isGoingOn(operation, new Date(quietAt)))) return;
    const [since, noticedAt] = [new Date(heard), new Date(quietAt)];
    await this.recorder.recordQuiet({ operation, probe, since, noticedAt, backAt: received_at }, transaction);
  }

  /** @returns from when on a probe that was heard of then is quiet, if nothing came; milliseconds since 1970 */
  async quietAt(key: Pick<StateKey, 'operation' | 'probe'>, heard: number): Promise<number | undefined> {
    const runs = await this.dueRuns(key);
    if (runs === undefined) return undefined;
    return quietAfterSilences(heard, runs, await this.platform.presence(new Date(heard), this.clock.now()));
  }

  private async load(results: readonly DetectionResult[], transaction: Transaction): Promise<LoadedStates> {
    const states = new LoadedStates();
    const firsts = results.map(({ operation, probe }) => ({ operation, probe, part: 0 }));
    states.add(await this.states.find(states.missing(firsts), transaction));
    const parts = new Map<string, number>();
    const others = results.flatMap((result) => {
      if (result.summary === undefined) return [];
      const key = { operation: result.operation, probe: result.probe, part: 0 };
      const name = states.nameOf(key);
      const count = states.get(key)?.parts ?? parts.get(name) ?? partsFor(result.summary.length);
      parts.set(name, count);
      return keysBehind(result, count);
    });
    states.add(await this.states.find(states.missing(others), transaction));
    return states;
  }

  private async learnSchedules(operations: readonly ObjectId[]): Promise<void> {
    const unknown = new Map(
      operations.filter((id) => !this.schedules.has(id.toHexString())).map((id) => [id.toHexString(), id]),
    );
    if (unknown.size === 0) return;
    for (const { _id, schedule } of await this.facts.schedulesOf([...unknown.values()]))
      this.schedules.set(_id.toHexString(), { schedule, numbers: numberRuns(schedule) });
  }
}
