import type { Clock, Timer } from '../clock/clock.js';
import type { TimeWatch } from '../clock/watch.js';
import type { ClockEstimator } from '../clock/estimate.js';
import type { Delivery } from '../delivery/delivery.js';
import type { FamilyWatch } from '../host/families.js';
import type { Usage } from '../limits/usage.js';
import type { LiveRules } from '../policy/rules.js';
import { PROTOCOL, type StatusReport } from '../protocol/protocol.js';
import type { Runner } from '../runs/runner.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import type { RunJournal } from '../store/run-journal.js';
import type { ResultStore } from '../store/result.store.js';
import { type ProbeStatus, type Problem, STATUS_FILE_EVERY_MS, writeStatus } from './status.file.js';

export interface BoardParts {
  folder: string;
  /** The server's host. */
  server: string;
  clock: Clock;
  estimator: ClockEstimator;
  runJournal: RunJournal;
  results: ResultStore;
  runner: Runner;
  scheduler: Scheduler;
  delivery: Delivery;
  rules: LiveRules;
  usage: Usage;
  families: FamilyWatch;
  ntp: TimeWatch;
  isConnected: () => boolean;
}

const PROBLEMS_KEPT = 10;
const LONGEST_PROBLEM = 500;
const RUNS_SHOWN = 5;

/** The last warnings and errors of the probe. */
export class Problems {
  readonly list: Problem[] = [];

  constructor(private readonly clock: Clock) {}

  note(message: string): void {
    this.list.push({
      at: new Date(this.clock.now()).toISOString(),
      message: message.slice(0, LONGEST_PROBLEM),
    });
    if (this.list.length > PROBLEMS_KEPT) this.list.shift();
  }
}

/** What the probe says of itself: to the server, and in the file that the command `status` reads. */
export class StatusBoard {
  /** The version of scamper, where it is known. */
  scamper: string | null = null;
  private timer: Timer | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: BoardParts,
    private readonly problems: Problems,
  ) {}

  /** Writes the file now, and every few seconds from now on. */
  start(): void {
    this.timer?.cancel();
    void this.write();
    this.timer = this.parts.clock.setTimer(() => {
      this.start();
    }, STATUS_FILE_EVERY_MS);
  }

  /** Something changed that a person would look for. */
  changed(): void {
    if (this.timer !== null) this.start();
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    this.timer = null;
    await this.write();
  }

  /** What the server is told. */
  report(): StatusReport {
    const { results, runJournal, runner, estimator, families } = this.parts;
    return {
      backlog: {
        results: results.count,
        bytes: results.bytes,
        by_operation: results.byOperation(PROTOCOL.maxBacklogOperations),
      },
      running: runner.running,
      in_use_credits: runJournal.creditsInUse(),
      clock: estimator.estimate(),
      families: families.current,
    };
  }

  private full(): ProbeStatus {
    const { runJournal, runner, scheduler, delivery, usage, rules, clock, server } = this.parts;
    const { concurrentRuns, packetsPerSecond } = rules.current.limits;
    return {
      ...this.report(),
      written_at: new Date(clock.now()).toISOString(),
      pid: process.pid,
      server,
      scamper: this.scamper,
      connected: this.parts.isConnected(),
      operations: [...runJournal.operations()].length,
      waiting: runner.waiting,
      delivered: delivery.delivered,
      refused: delivery.refused,
      failed_to_report: runJournal.gapCount,
      clock_warning: this.parts.ntp.warning,
      held_by: scheduler.heldBy ?? usage.heldBy,
      limits: { concurrent_runs: concurrentRuns, packets_per_second: packetsPerSecond, ...usage.shown },
      next_runs: scheduler
        .upcoming(RUNS_SHOWN)
        .map(({ operation_id, at }) => ({ operation_id, at: new Date(at).toISOString() })),
      problems: this.problems.list,
    };
  }

  /** One after the other: each writes the same temporary file. */
  private write(): Promise<void> {
    this.writing = this.writing.then(() =>
      writeStatus(this.parts.folder, this.full()).catch(() => undefined),
    );
    return this.writing;
  }
}
