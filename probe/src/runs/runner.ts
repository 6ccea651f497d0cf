import { type Destination, violationsOf } from '@pladmed/protocol';
import { readClock, type Reading, stepBetween } from '@pladmed/sntp';
import { isNoRoom, messageOf } from '../platform/errors.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.js';
import { sleep } from '../clock/clock.js';
import { type ClockEstimator, UNKNOWN_CLOCK } from '../clock/estimate.js';
import { kindByName } from '../kinds/index.js';
import type { Kind, RunContext } from '../measuring/kind.js';
import { type Resolve, type Routes, TargetGuard } from '../measuring/targets.js';
import { PacketPacer } from '../limits/packets.js';
import type { Usage } from '../limits/usage.js';
import type { Log } from '../platform/log.js';
import type { HostRules, LiveRules } from '../policy/rules.js';
import { type ClockEstimate, type Operation, PROTOCOL } from '../protocol/protocol.js';
import type { Authorities } from '../host/authorities.js';
import type { RunJournal } from '../store/run-journal.js';
import type { ResultStore } from '../store/result.store.js';
import { type RunScope, withinRun } from './escape.js';
import { RunFailure, tooLarge } from '../protocol/failure.js';

export interface RunnerParts {
  clock: Clock;
  estimator: ClockEstimator;
  runJournal: RunJournal;
  results: ResultStore;
  /** Asked for anew by every run that begins. */
  rules: LiveRules;
  packets: PacketPacer;
  usage: Usage;
  resolve: Resolve;
  /** Those of the host, if absent. */
  routes?: Routes;
  scamper: string;
  authorities: Authorities;
  log: Log;
  /** Something is there to be delivered. */
  onSettled: () => void;
}

interface Job {
  operation: Operation;
  at: number;
}

/** What one run has of its own. */
interface RunParts {
  folder: string;
  signal: AbortSignal;
  scope: RunScope;
  /** What the kind says of its destinations. */
  told: { destinations?: Destination[] };
}

/** How long a kind that was told to stop may take to do so. */
const STOPPING_MS = 3_000;
/** Asking the system's resolvers for both kinds of address of a name. */
const LOOKUP_PACKETS = 2;
const LOOKUP_BYTES = 600;
/** With these reasons a run ends before its first packet. */
const NOTHING_SENT: ReadonlySet<string> = new Set([
  'refused',
  'unresolved',
  'resolver_failed',
  'no_family',
  'nothing_sent',
  'bad_params',
  'tool_missing',
]);
/** A wall clock that moves by more against the monotonic one during a run was set. */
const SET_MS = 200;
const STOPPED = 'the probe was stopped during the run';

/** Does runs, a few at a time, and sees to it that each ends in a stored result or in a reason. */
export class Runner {
  private queue: Job[] = [];
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

  /** Takes a run that the run journal holds as begun. */
  begin(operation: Operation, at: number): void {
    this.queue.push({ operation, at });
    this.next();
  }

  /** Takes the runs of operations that have not started out of the queue. */
  async cancelWaiting(ids: ReadonlySet<string>): Promise<void> {
    const isDropped = ({ operation }: Job): boolean => ids.has(operation.operation_id);
    const dropped = this.queue.filter(isDropped);
    // At once: while the first is being written down another may begin.
    this.queue = this.queue.filter((job) => !isDropped(job));
    for (const { operation, at } of dropped) await this.parts.runJournal.finished(operation.operation_id, at);
  }

  /** The host has changed its limits: there may be more places. */
  rulesChanged(): void {
    this.next();
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
    while (!this.stopping && this.active.size < PacketPacer.places(this.parts.rules.current.limits)) {
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
    const about = aboutRun(operation, at);
    const { log, runJournal } = this.parts;
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
      await runJournal.failed(operation, at, cause).catch((problem: unknown) => {
        log.error(
          { ...about, err: problem },
          'the failure of a run could not be written; it is kept in memory',
        );
      });
    }
  }

  private async measureAndStore({ operation, at }: Job, controller: AbortController): Promise<number> {
    const { clock, estimator, runJournal, results } = this.parts;
    const rules = this.parts.rules.current;
    const { kind, params } = this.check(operation, rules);
    const limit = Math.min(kind.timeLimitMs(params), rules.limits.runMs);
    const timer = clock.setTimer(() => {
      controller.abort(
        new RunFailure('timeout', `the run was ended after its limit of ${Math.round(limit / 1000)} s`),
      );
    }, limit);
    const folder = await mkdtemp(join(results.temporaryFolder, 'run-'));
    try {
      const started = readClock(clock);
      const before = estimator.estimate();
      const scope: RunScope = {
        about: aboutRun(operation, at),
        abort: (failure) => {
          controller.abort(failure);
        },
      };
      const told: { destinations?: Destination[] } = {};
      const run = { folder, scope, told, signal: controller.signal };
      const content = await this.admitAndMeasure(kind, params, rules, run);
      // An error may have escaped beside a measurement that came to its end.
      controller.signal.throwIfAborted();
      if (content.length > PROTOCOL.maxBatchBytes) throw tooLarge(content.length);
      const result = {
        operation_id: operation.operation_id,
        at,
        started_at: new Date(started.wall).toISOString(),
        duration_ms: Math.round((clock.monotonic() - started.monotonic) * 1000) / 1000,
        clock: this.clockDuring(started, before),
        format: kind.format,
        content,
        ...told,
      };
      await results.put(result);
      // What is in the store is no failure, even where the disk has no room left for the note of it: the next start finds it there.
      await runJournal.finished(operation.operation_id, at).catch((error: unknown) => {
        if (!isNoRoom(error)) throw error;
      });
      results.offer(result);
      return content.length;
    } finally {
      timer.cancel();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Of a run whose clock was set meanwhile the times do not fit together: nothing is known of them. */
  private clockDuring(started: Reading, before: ClockEstimate): ClockEstimate {
    const { clock, estimator } = this.parts;
    if (Math.abs(stepBetween(started, readClock(clock))) > SET_MS) return UNKNOWN_CLOCK;
    return before.source === 'none' ? estimator.estimate() : before;
  }

  private check(operation: Operation, { policy }: HostRules): { kind: Kind; params: unknown } {
    const kind = kindByName.get(operation.kind);
    if (kind === undefined)
      throw new RunFailure('bad_params', `this probe does not know the kind ${operation.kind}`);
    const rule = policy.kindRefusal(operation.kind);
    if (rule !== null) throw new RunFailure('refused', rule);
    return { kind, params: checkParams(kind, operation.params) };
  }

  /** Takes the run off the host's limits, for what it may need first and for what it needed in the end. */
  private async admitAndMeasure(
    kind: Kind,
    params: unknown,
    rules: HostRules,
    { folder, scope, told, signal }: RunParts,
  ): Promise<Buffer> {
    const packets = this.parts.packets.forRun(signal);
    const expected = kind.trafficBytes(params);
    const admission = this.parts.usage.admit(kind.name, expected);
    const wire: { counted: number | null; lookups: number } = { counted: null, lookups: 0 };
    const beforeLookup = async (): Promise<void> => {
      await packets.turn(LOOKUP_PACKETS);
      wire.lookups += LOOKUP_BYTES;
    };
    const context: RunContext = {
      targets: new TargetGuard(rules.policy, this.parts.resolve, signal, beforeLookup, this.parts.routes),
      clock: this.parts.clock,
      folder,
      packets,
      onWire: (bytes) => {
        wire.counted = (wire.counted ?? 0) + bytes;
      },
      onDestinations: (destinations) => {
        told.destinations = destinations;
      },
      scamper: this.parts.scamper,
      trusted: () => this.parts.authorities.context,
      signal,
    };
    try {
      const content = await withinRun(scope, () => this.measure(kind, params, context));
      admission.end((wire.counted ?? expected) + wire.lookups);
      return content;
    } catch (error) {
      const isUnsent = wire.counted === null && error instanceof RunFailure && NOTHING_SENT.has(error.reason);
      if (isUnsent) admission.cancel(wire.lookups);
      else admission.end((wire.counted ?? expected) + wire.lookups);
      throw error;
    }
  }

  /** A kind that does not end when it is told to is left behind, so that it cannot hold its place for ever. */
  private async measure(kind: Kind, params: unknown, context: RunContext): Promise<Buffer> {
    const { signal } = context;
    const over = new AbortController();
    const abandoned = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          void sleep(this.parts.clock, STOPPING_MS, over.signal).then(() => {
            reject(signal.reason instanceof Error ? signal.reason : new RunFailure('missed', STOPPED));
          });
        },
        { once: true },
      );
    });
    try {
      return await Promise.race([kind.measure(params, context), abandoned]);
    } finally {
      over.abort();
    }
  }
}

function aboutRun({ operation_id, kind }: Operation, at: number): RunScope['about'] {
  return { operation_id, kind, scheduled_at: new Date(at).toISOString() };
}

/** @throws RunFailure `bad_params` with a sentence */
export function checkParams(kind: Kind, params: unknown): unknown {
  const read = kind.params.safeParse(params);
  if (read.success) return read.data;
  const [first] = violationsOf(read.error, 'params');
  throw new RunFailure('bad_params', `${first?.field} ${first?.message}`);
}

function toFailure(error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  if (error instanceof Error && error.name === 'StoreFull') return new RunFailure('given_up', error.message);
  if (isNoRoom(error)) return new RunFailure('given_up', 'the disk is full');
  return new RunFailure('tool_failed', messageOf(error));
}
