import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { InjectConnection, InjectModel } from '@nestjs/mongoose';
import { type Connection, type Model } from 'mongoose';
import { randomUUID } from 'node:crypto';
import { GroupCommit } from '../../batching/group-commit.js';
import { isDuplicateKey } from '../../errors/database-errors.js';
import { untilNext } from '../periodic-task.js';
import { LEASE_MODEL, type LeaseEntity } from './lease.schema.js';

const MOST_LISTED = 1_000;
/** Leases that are to be renewed in this time are renewed together. */
const TOGETHER_MS = 20;

interface Run {
  /** aborted when this process must not go on: the lease is lost, or the server ends */
  abort: AbortController;
  ended: Promise<unknown>;
}

/**
 * Periodic work that several servers would do, done by one of them. Whoever takes the lease of a piece of work keeps it by
 * doing the work again before the lease is over; a server that dies, or ends, makes room for another. All times are the
 * database's ($$NOW), so clocks of servers may differ.
 */
@Injectable()
export class LeasesService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('leases');
  private readonly holder: string;
  private readonly runs = new Map<string, Run>();
  /** by piece of work: until when we hold it for sure, on the clock of `performance.now()` */
  private readonly heldUntil = new Map<string, number>();
  private ending = false;
  private readonly prolonged = new GroupCommit<{ name: string; ttlMs: number }, boolean>(
    (leases) => this.prolongAll(leases),
    { most: 1_000, lingerMs: TOGETHER_MS },
  );

  constructor(
    @InjectConnection() connection: Connection,
    @InjectModel(LEASE_MODEL) private readonly model: Model<LeaseEntity>,
  ) {
    // one process, named after its server for those who look into the collection
    this.holder = `${connection.getClient().options.appName ?? 'pladmed'}#${randomUUID()}`;
  }

  /**
   * Runs `work` if no other server holds the lease of `name`, and renews the lease while it runs. Afterwards the lease stays
   * ours until it is over.
   * @param ttlMs how long others wait after the holder was last heard of; call more often than this, or it wanders
   * @param work must end soon after its signal is aborted: another server may be doing it then
   * @returns what `work` returned; undefined when it was not run: another server holds the lease, or an earlier run here is not over
   */
  async runLeased<T>(
    name: string,
    ttlMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.ending || this.runs.has(name)) return undefined;
    const abort = new AbortController();
    const ended = this.run(name, ttlMs, work, abort);
    this.runs.set(name, { abort, ended });
    try {
      return await ended;
    } finally {
      this.runs.delete(name);
    }
  }

  /** Which process does which piece of periodic work, and until when others wait for it; of all servers. */
  async standing(): Promise<{ work: string; appName: string; until: Date }[]> {
    const leases = await this.model
      .find({ $expr: { $gt: ['$until', '$$NOW'] } })
      .sort({ _id: 1 })
      .limit(MOST_LISTED)
      .lean<LeaseEntity[]>();
    return leases.map(({ _id, holder, until }) => ({
      work: _id,
      appName: holder.split('#')[0] ?? '',
      until,
    }));
  }

  /** The pieces of work whose leases this server has held, and whether it does now. */
  held(): ReadonlyMap<string, boolean> {
    const now = performance.now();
    return new Map([...this.heldUntil].map(([name, until]) => [name, until > now]));
  }

  /** Nothing is begun any more; what runs is asked to end; then other servers may go on at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending = true;
    for (const { abort } of this.runs.values()) abort.abort(new Error('the server ends'));
    await Promise.allSettled([...this.runs.values()].map(({ ended }) => ended));
    if (this.heldUntil.size === 0) return;
    try {
      await this.model.deleteMany({ holder: this.holder });
    } catch (error) {
      this.logger.warn({ err: error }, 'could not give the leases back; they end by themselves');
    }
  }

  private async run<T>(
    name: string,
    ttlMs: number,
    work: (signal: AbortSignal) => Promise<T>,
    abort: AbortController,
  ): Promise<T | undefined> {
    if (!(await this.take(name, ttlMs))) return undefined;
    let renewing: Promise<void> = Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const renewLater = (): void => {
      // leases that are as long are renewed at the same moments, and so by one command
      timer = setTimeout(
        () => {
          renewing = this.renew(name, ttlMs, abort);
          renewLater();
        },
        untilNext(ttlMs / 3),
      );
    };
    renewLater();
    try {
      return await work(abort.signal);
    } finally {
      clearTimeout(timer);
      await renewing;
    }
  }

  private async renew(name: string, ttlMs: number, abort: AbortController): Promise<void> {
    try {
      if ((await this.prolonged.add({ name, ttlMs })) || (await this.take(name, ttlMs))) return;
      abort.abort(new Error(`another server has taken the lease of ${name}`));
    } catch (error) {
      this.logger.warn({ err: error, work: name }, 'could not renew a lease');
      const over = performance.now() >= (this.heldUntil.get(name) ?? 0);
      if (over) abort.abort(new Error(`the lease of ${name} is over`));
    }
  }

  /** Those of the leases that are still ours, in one command for all that are as long. @returns of each whether that is known */
  private async prolongAll(leases: readonly { name: string; ttlMs: number }[]): Promise<boolean[]> {
    const known = new Map<string, boolean>();
    for (const ttlMs of new Set(leases.map((each) => each.ttlMs))) {
      const names = leases.filter((each) => each.ttlMs === ttlMs).map(({ name }) => name);
      const until = performance.now() + ttlMs;
      const { matchedCount } = await this.model.updateMany(
        { _id: { $in: names }, holder: this.holder },
        this.ours(ttlMs),
        { updatePipeline: true },
      );
      for (const name of names) {
        known.set(name, matchedCount === names.length);
        if (matchedCount === names.length) this.heldUntil.set(name, until);
      }
    }
    return leases.map(({ name }) => known.get(name) ?? false);
  }

  private async take(name: string, ttlMs: number): Promise<boolean> {
    // before the question: the answer may take its time
    const until = performance.now() + ttlMs;
    const taken = (await this.prolong(name, ttlMs)) || (await this.begin(name, ttlMs));
    if (taken) this.heldUntil.set(name, until);
    else this.heldUntil.delete(name);
    return taken;
  }

  /** One that is ours, or over. */
  private async prolong(name: string, ttlMs: number): Promise<boolean> {
    const { matchedCount } = await this.model.updateOne(
      { _id: name, $or: [{ holder: this.holder }, { $expr: { $lte: ['$until', '$$NOW'] } }] },
      this.ours(ttlMs),
      { updatePipeline: true },
    );
    return matchedCount === 1;
  }

  /** One that nobody ever had, or that was given back. */
  private async begin(name: string, ttlMs: number): Promise<boolean> {
    try {
      await this.model.updateOne({ _id: name, holder: this.holder }, this.ours(ttlMs), {
        upsert: true,
        updatePipeline: true,
      });
      return true;
    } catch (error) {
      // somebody else's stands: the upsert ran into its id
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  private ours(ttlMs: number) {
    return [{ $set: { holder: this.holder, until: { $add: ['$$NOW', ttlMs] } } }];
  }
}
