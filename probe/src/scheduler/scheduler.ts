import type { Clock, Timer } from '../clock/clock.js';
import type { ClockEstimator } from '../clock/estimate.js';
import type { Log } from '../platform/log.js';
import type { FailureReason, Operation } from '../protocol/protocol.js';
import type { Runner } from '../runs/runner.js';
import type { RunJournal, MissedRuns } from '../store/run-journal.js';
import type { ResultStore } from '../store/result.store.js';
import type { Stretch } from '../schedule/coverage.js';
import { decide, LATEST_START_MS } from './decide.js';

/** The clock is looked at this often, whatever is due: it may have been set meanwhile. */
const LOOK_EVERY_MS = 5_000;
const BACKWARDS_MS = 1_000;
/** Runs that wait for a place; beyond it the probe is overloaded and says so. */
const MOST_WAITING = 200;
const ASLEEP = 'the probe was off, asleep or busy at that time';

export interface SchedulerParts {
  clock: Clock;
  estimator: ClockEstimator;
  runJournal: RunJournal;
  results: ResultStore;
  runner: Runner;
  log: Log;
  onSettled: () => void;
}

interface Begun {
  operation: Operation;
  run: Stretch;
}

/** Looks at the clock and begins what is due; all arithmetic is in `decide`. */
export class Scheduler {
  private timer: Timer | null = null;
  private looking: Promise<void> | null = null;
  private lookAgain = false;
  private stopped = false;
  private lastNow = Number.NEGATIVE_INFINITY;
  /** When each operation has its next run; what is not here is computed. */
  private readonly next = new Map<string, number>();
  private holding: string | null = null;

  constructor(private readonly parts: SchedulerParts) {}

  /** What keeps the probe from measuring, as a sentence; null when nothing does. */
  get heldBy(): string | null {
    return this.holding;
  }

  /** The runs that come next, soonest first. */
  upcoming(limit: number): { operation_id: string; at: number }[] {
    return [...this.next]
      .filter(([, at]) => Number.isFinite(at))
      .sort((a, b) => a[1] - b[1])
      .slice(0, limit)
      .map(([operation_id, at]) => ({ operation_id, at }));
  }

  /** It is time to begin. */
  wake(): void {
    this.next.clear();
    this.lookSoon();
  }

  /** These operations are new, others, or gone. */
  changed(ids: Iterable<string>): void {
    for (const id of ids) this.next.delete(id);
    this.lookSoon();
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    while (this.looking !== null) await this.looking;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.looking;
  }

  private lookSoon(): void {
    if (this.stopped) return;
    this.timer?.cancel();
    if (this.looking !== null) {
      this.lookAgain = true;
      return;
    }
    this.looking = this.look()
      .catch((error: unknown) => {
        this.parts.log.error({ err: error }, 'the schedule could not be followed');
        return LOOK_EVERY_MS;
      })
      .then((waitMs) => {
        this.looking = null;
        if (this.stopped) return;
        const wait = this.lookAgain ? 0 : waitMs;
        this.lookAgain = false;
        this.timer = this.parts.clock.setTimer(() => {
          this.lookSoon();
        }, wait);
      });
  }

  /** @returns how long to wait until the next look, ms */
  private async look(): Promise<number> {
    const { clock, runJournal, estimator } = this.parts;
    const now = clock.now();
    if (now < this.lastNow - BACKWARDS_MS) {
      this.next.clear();
      await runJournal.retractAfter(now - LATEST_START_MS - 1).catch(() => undefined);
    }
    this.lastNow = now;
    const begun: Begun[] = [];
    const missed: MissedRuns[] = [];
    let soonest = now + LOOK_EVERY_MS;
    for (const { operation, runs, coverage } of runJournal.operations()) {
      const id = operation.operation_id;
      const known = this.next.get(id);
      if (known === undefined || known <= now) {
        const decision = decide(runs, coverage, now);
        this.next.set(id, decision.next ?? Number.POSITIVE_INFINITY);
        if (decision.run !== null) begun.push({ operation, run: decision.run });
        for (const stretch of decision.missed) {
          missed.push({
            operation,
            stretch,
            cause: { reason: 'missed', detail: ASLEEP, clock: estimator.estimate() },
          });
        }
      }
      soonest = Math.min(soonest, this.next.get(id) ?? soonest);
    }
    await this.settle(begun, missed);
    return Math.max(0, soonest - clock.now());
  }

  private async settle(begun: Begun[], missed: MissedRuns[]): Promise<void> {
    if (begun.length === 0 && missed.length === 0) return;
    const { runJournal, runner, log } = this.parts;
    const start: Begun[] = [];
    const reported = [...missed];
    const full = begun.length === 0 ? null : await this.obstacle();
    for (const each of begun) {
      if (full !== null) reported.push(this.notDone(each, 'given_up', full));
      else if (runner.waiting + start.length >= MOST_WAITING) {
        reported.push(this.notDone(each, 'missed', `${MOST_WAITING} runs were waiting already`));
      } else start.push(each);
    }
    try {
      const begin = start.map(({ operation, run }) => ({ id: operation.operation_id, run }));
      await runJournal.settle(begin, reported);
      for (const { operation, run } of start) runner.begin(operation, run.until);
    } catch (error) {
      log.error({ err: error }, 'the disk does not take the record of a run: it is not begun');
      const cause = {
        reason: 'given_up',
        detail: 'the disk is full',
        clock: this.parts.estimator.estimate(),
      } as const;
      for (const { operation, run } of start)
        await runJournal.failed(operation, run.until, cause).catch(() => undefined);
    }
    if (reported.length > 0) this.parts.onSettled();
  }

  private async obstacle(): Promise<string | null> {
    const full = this.parts.runJournal.fullness() ?? (await this.parts.results.fullness());
    if (full !== this.holding) {
      this.holding = full;
      if (full === null) this.parts.log.info('there is room again: measuring goes on');
      else this.parts.log.error({ detail: full }, 'measuring stops; the results are kept');
    }
    return full;
  }

  private notDone({ operation, run }: Begun, reason: FailureReason, detail: string): MissedRuns {
    return { operation, stretch: run, cause: { reason, detail, clock: this.parts.estimator.estimate() } };
  }
}
