import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { ENV } from '../../../config/config.module.js';
import { type Env } from '../../../config/env.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { LeasesService } from '../../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../../platform/periodic/periodic-task.js';
import { keptFor, type KeptOperation, OperationRetentionRepository } from '../../assignments/index.js';
import { LATE_MS, ResultsTail } from '../../ingest/index.js';
import { type ArchivedPart } from '../archive/archive-batch.schema.js';
import { ArchiveService, type Deletion } from '../archive/archive.service.js';
import { ExpiredRepository } from './expired.repository.js';

const EVERY_MS = 30_000;
/** Another server takes over when its holder was not heard of for so long. */
const LEASE_MS = 15_000;
/** Operations that are looked up at once, and results that are deleted at once. */
const OPERATIONS = 200;
const RESULTS = 500;
/** It rests so many times as long as it has worked: ingest goes first. */
const REST = 2;
const MOST_REST_MS = 5_000;
/** A result may have come so much before others that stand before it in the tail: they came at another server. */
const TAIL_DISORDER_MS = 30_000;
/** A result that was on its way when its time was swept over is found by the next look, which begins so much earlier. */
const SWEPT_AGAIN_MS = 10 * 60_000;

/** What is made of results and kept by its own rule. */
export interface DerivedData {
  /** Deletes what stands for times before this one. It must end soon after the signal is aborted. */
  deleteBefore(operation: ObjectId, before: Date, signal: AbortSignal): Promise<void>;
}

export interface Deleted {
  results: number;
  raw: number;
}

/**
 * Deletes what is older than it is kept, behind its archive where there is one: raw bytes, results, what is derived of them, and the stretch of the results tail that they leave empty.
 * One server does it in the background (docs/adr/0029).
 */
@Injectable()
export class RetentionService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('retention');
  private readonly task = new PeriodicTask(() => this.round(), {
    logger: this.logger,
    failed: 'old data could not be deleted; the next round goes on',
  });
  private readonly derived: DerivedData[] = [];
  private readonly sum: Deleted = { results: 0, raw: 0 };

  constructor(
    private readonly operations: OperationRetentionRepository,
    private readonly expired: ExpiredRepository,
    private readonly archive: ArchiveService,
    private readonly tail: ResultsTail,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
    @Inject(ENV) private readonly env: Pick<Env, 'retention'>,
  ) {}

  onApplicationBootstrap(): void {
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** From now on what is derived is deleted as well, by `rollups_s` of its operation. */
  add(derived: DerivedData): void {
    this.derived.push(derived);
  }

  /** What this server has deleted since it began. */
  get deleted(): Readonly<Deleted> {
    return this.sum;
  }

  private async round(): Promise<void> {
    const before = { ...this.sum };
    try {
      await this.leases.runLeased('retention', LEASE_MS, (signal) => this.work(signal));
    } finally {
      const [results, raw] = [this.sum.results - before.results, this.sum.raw - before.raw];
      if (results + raw > 0) this.logger.log({ results, raw }, 'deleted what is older than it is kept');
    }
  }

  /** Deletes all that is too old now. */
  async work(signal: AbortSignal, now = this.clock.now()): Promise<void> {
    await this.archive.resume((part) => this.deletionOf(part, now));
    const limit = await this.limit(now);
    const isStatedOnly = Object.values(this.env.retention).every((kept) => kept === null);
    let after: ObjectId | undefined;
    do {
      const began = performance.now();
      const page: KeptOperation[] = await this.operations.findKept(isStatedOnly, OPERATIONS, after);
      for (const operation of page) await this.shorten(operation, { now, limit }, signal);
      after = page.length < OPERATIONS ? undefined : page.at(-1)?._id;
      await this.rest(began, signal);
    } while (after !== undefined && !signal.aborted);
    await this.tail.trim(signal);
  }

  /** What consumers of the tail have not done yet must stay, or they would miss it. */
  private async limit(now: Date): Promise<Date> {
    const undone = await this.tail.undoneSince();
    if (undone === undefined) return now;
    const limit = new Date(undone.getTime() - TAIL_DISORDER_MS);
    return limit < now ? limit : now;
  }

  private async shorten(
    operation: KeptOperation,
    { now, limit }: { now: Date; limit: Date },
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const { raw_s, results_s, rollups_s } = keptFor(operation.retention, this.env.retention);
    const horizon = (seconds: number) => new Date(Math.min(now.getTime() - seconds * 1000, limit.getTime()));
    if (results_s !== null) await this.deleteResults(operation, horizon(results_s), signal);
    if (raw_s !== null) await this.deleteRaw(operation, horizon(raw_s), now, signal);
    if (rollups_s === null) return;
    for (const derived of this.derived)
      await derived.deleteBefore(operation._id, new Date(now.getTime() - rollups_s * 1000), signal);
  }

  private async deleteResults(operation: KeptOperation, before: Date, signal: AbortSignal): Promise<void> {
    if (!mayHold(operation, 'results', before)) return;
    const { _id } = operation;
    const find = () => this.expired.findResults(_id, before, RESULTS);
    const isDone = await this.inBatches(find, signal, async (ids, isFirst) => {
      // first: from then on a probe that sends one of them again is told that it was stored (DeletedRuns)
      if (isFirst) await this.operations.noteKeptFrom(_id, 'results_kept_from', before);
      const batch = { operation: _id, part: 'results' as const, ids };
      this.sum.results += await this.remove(operation, batch, this.deletionOf('results', before));
    });
    if (isDone) await this.operations.noteSwept(_id, 'results', before);
  }

  private async deleteRaw(
    operation: KeptOperation,
    before: Date,
    now: Date,
    signal: AbortSignal,
  ): Promise<void> {
    if (!mayHold(operation, 'raw', before)) return;
    const { _id, created_at, swept } = operation;
    const from = swept?.raw ? new Date(swept.raw.getTime() - SWEPT_AGAIN_MS) : created_at;
    const find = () => this.expired.findRaw(_id, from, before, RESULTS);
    const isDone = await this.inBatches(find, signal, async (ids, isFirst) => {
      if (isFirst) await this.operations.noteKeptFrom(_id, 'raw_kept_from', before);
      const batch = { operation: _id, part: 'raw' as const, ids };
      this.sum.raw += await this.remove(operation, batch, this.deletionOf('raw', now, operation));
    });
    if (isDone) await this.operations.noteSwept(_id, 'raw', before);
  }

  /** @returns how many are deleted, behind their archive where they go into one */
  private async remove(
    { retention }: KeptOperation,
    batch: Parameters<ArchiveService['archived']>[0],
    deletion: Deletion,
  ): Promise<number> {
    return retention?.unarchived ? deletion(batch.ids) : this.archive.archived(batch, deletion);
  }

  private deletionOf(part: ArchivedPart, at: Date, operation?: KeptOperation): Deletion {
    if (part === 'results') return (ids) => this.expired.deleteResults(ids);
    const archived = this.archive.isOn && operation?.retention?.unarchived !== true;
    return (ids) => this.expired.deleteRaw(ids, at, archived);
  }

  /** @returns whether there was something, and nothing is left */
  private async inBatches(
    find: () => Promise<ObjectId[]>,
    signal: AbortSignal,
    work: (ids: readonly ObjectId[], isFirst: boolean) => Promise<void>,
  ): Promise<boolean> {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const began = performance.now();
      const ids = await find();
      if (ids.length === 0) return !isFirst;
      await work(ids, isFirst);
      await this.rest(began, signal);
      if (ids.length < RESULTS) return true;
    }
    return false;
  }

  private async rest(began: number, signal: AbortSignal): Promise<void> {
    const ms = Math.min(MOST_REST_MS, REST * (performance.now() - began));
    await pause(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether there can be something from before: nothing came earlier, and of what is over and swept nothing comes later. */
function mayHold(
  { created_at, ends_at, swept }: KeptOperation,
  what: 'results' | 'raw',
  before: Date,
): boolean {
  if (before <= created_at) return false;
  return (swept?.[what]?.getTime() ?? 0) < ends_at.getTime() + LATE_MS;
}
