import { errorCode, messageOf } from '../errors.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.js';
import { sleep } from '../clock/clock.js';
import type { ClockEstimator } from '../clock/estimate.js';
import { kindByName } from '../kinds/index.js';
import type { Kind } from '../kinds/kind.js';
import type { TargetGuard } from '../kinds/targets.js';
import type { Log } from '../log.js';
import type { HostPolicy } from '../policy/policy.js';
import { type Operation, PROTOCOL } from '../protocol.js';
import type { Ledger } from '../store/ledger.js';
import type { ResultStore } from '../store/result.store.js';
import { RunFailure } from './failure.js';

export interface RunLimits {
  concurrentRuns: number;
  /** For the whole probe; runs at one time share it. */
  packetsPerSecond: number;
  /** The longest any run may take. */
  runMs: number;
}

export interface RunnerParts {
  clock: Clock;
  estimator: ClockEstimator;
  ledger: Ledger;
  results: ResultStore;
  policy: HostPolicy;
  targets: TargetGuard;
  limits: RunLimits;
  scamper: string;
  log: Log;
  /** Something is there to be delivered. */
  onSettled: () => void;
}

interface Job {
  operation: Operation;
  at: number;
}

/** How long a kind that was told to stop may take to do so. */
const STOPPING_MS = 3_000;
const STOPPED = 'the probe was stopped during the run';

/** Does runs, a few at a time, and sees to it that each ends in a stored result or in a reason. */
export class Runner {
  private readonly queue: Job[] = [];
  private readonly active = new Map<Job, AbortController>();
  private stopping = false;
  private idle: (() => void) | null = null;

  constructor(private readonly parts: RunnerParts) {}

  get running(): number {
    return this.active.size;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Takes a run that the ledger holds as begun. */
  begin(operation: Operation, at: number): void {
    this.queue.push({ operation, at });
    this.next();
  }

  /** Takes the runs of an operation that have not started out of the queue. */
  async cancelWaiting(id: string): Promise<void> {
    const dropped = this.queue.filter(({ operation }) => operation.operation_id === id);
    for (const job of dropped) {
      this.queue.splice(this.queue.indexOf(job), 1);
      await this.parts.ledger.finished(id, job.at);
    }
  }

  /** Starts nothing more; what is under way has `graceMs` to end by itself. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    if (this.active.size === 0) return;
    const ended = new Promise<void>((resolve) => {
      this.idle = resolve;
    });
    const timer = this.parts.clock.setTimer(() => {
      for (const controller of this.active.values()) controller.abort(new RunFailure('missed', STOPPED));
    }, graceMs);
    await ended;
    timer.cancel();
  }

  private next(): void {
    while (!this.stopping && this.active.size < this.parts.limits.concurrentRuns) {
      const job = this.queue.shift();
      if (job === undefined) return;
      const controller = new AbortController();
      this.active.set(job, controller);
      void this.run(job, controller).finally(() => {
        this.active.delete(job);
        if (this.active.size === 0) this.idle?.();
        this.parts.onSettled();
        this.next();
      });
    }
  }

  private async run(job: Job, controller: AbortController): Promise<void> {
    const { operation, at } = job;
    const about = {
      operation_id: operation.operation_id,
      kind: operation.kind,
      scheduled_at: new Date(at).toISOString(),
    };
    const { log, ledger } = this.parts;
    try {
      const bytes = await this.measureAndStore(job, controller);
      log.info({ ...about, bytes }, 'run done');
    } catch (error) {
      const failure = toFailure(error);
      log.warn({ ...about, reason: failure.reason, detail: failure.message }, 'run failed');
      const cause = {
        reason: failure.reason,
        detail: failure.message,
        clock: this.parts.estimator.estimate(),
      };
      await ledger.failed(operation, at, cause).catch((problem: unknown) => {
        log.error(
          { ...about, err: problem },
          'the failure of a run could not be written; it is kept in memory',
        );
      });
    }
  }

  private async measureAndStore({ operation, at }: Job, controller: AbortController): Promise<number> {
    const { clock, estimator, ledger, results } = this.parts;
    const { kind, params } = this.check(operation);
    const limit = Math.min(kind.timeLimitMs(params), this.parts.limits.runMs);
    const timer = clock.setTimer(() => {
      controller.abort(
        new RunFailure('timeout', `the run was ended after its limit of ${Math.round(limit / 1000)} s`),
      );
    }, limit);
    const folder = await mkdtemp(join(results.temporaryFolder, 'run-'));
    try {
      const started = clock.now();
      const begun = clock.monotonic();
      const estimate = estimator.estimate();
      const content = await this.measure(kind, params, folder, controller.signal);
      checkSize(content);
      const result = {
        operation_id: operation.operation_id,
        at,
        started_at: new Date(started).toISOString(),
        duration_ms: Math.round((clock.monotonic() - begun) * 1000) / 1000,
        clock: estimate,
        format: kind.format,
        content,
      };
      await results.put(result);
      await ledger.finished(operation.operation_id, at);
      results.offer(result);
      return content.length;
    } finally {
      timer.cancel();
      await rm(folder, { recursive: true, force: true });
    }
  }

  private check(operation: Operation): { kind: Kind; params: unknown } {
    const kind = kindByName.get(operation.kind);
    if (kind === undefined)
      throw new RunFailure('bad_params', `this probe does not know the kind ${operation.kind}`);
    const rule = this.parts.policy.kindRefusal(operation.kind);
    if (rule !== null) throw new RunFailure('refused', rule);
    return { kind, params: checkParams(kind, operation.params) };
  }

  /** A kind that does not end when it is told to is left behind, so that it cannot hold its place for ever. */
  private async measure(kind: Kind, params: unknown, folder: string, signal: AbortSignal): Promise<Buffer> {
    const { clock, targets, limits, scamper } = this.parts;
    const packetsPerSecond = limits.packetsPerSecond / limits.concurrentRuns;
    const measuring = kind.measure(params, { targets, clock, folder, packetsPerSecond, scamper, signal });
    const abandoned = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          void sleep(clock, STOPPING_MS).then(() => {
            reject(signal.reason instanceof Error ? signal.reason : new RunFailure('missed', STOPPED));
          });
        },
        { once: true },
      );
    });
    return Promise.race([measuring, abandoned]);
  }
}

/** @throws RunFailure `bad_params` with a sentence */
export function checkParams(kind: Kind, params: unknown): unknown {
  const read = kind.params.safeParse(params);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new RunFailure(
    'bad_params',
    `${where === '' ? '' : `${where}: `}${issue?.message ?? 'cannot be read'}`,
  );
}

function checkSize(content: Buffer): void {
  if (content.length <= PROTOCOL.maxBatchBytes) return;
  throw new RunFailure(
    'tool_failed',
    `the result has ${content.length} bytes, more than a message may carry`,
  );
}

function toFailure(error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  if (error instanceof Error && error.name === 'StoreFull') return new RunFailure('given_up', error.message);
  if (['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? ''))
    return new RunFailure('given_up', 'the disk is full');
  return new RunFailure('tool_failed', messageOf(error));
}
