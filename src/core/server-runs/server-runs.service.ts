import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { setTimeout as delay } from 'node:timers/promises';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { SharedRoom } from '../../platform/limits/shared-room.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { OperationsRepository } from '../assignments/index.js';
import { jobOf } from '../delivery/index.js';
import { IngestService, type ResultReport } from '../ingest/index.js';
import { type Job, type ProbeLink } from '../presence/index.js';
import { ServersService } from '../servers/index.js';
import { type BegunRunEntity } from './begun-run.schema.js';
import { BegunRunsRepository } from './begun-runs.repository.js';
import { DueQueue } from './due-queue.js';
import { type AskedProbe, type RunWords } from './run-words.js';

/** So long after its time a run of a periodic operation may be begun: a probe that has just lost its connection is back by then. */
const BEGIN_WITHIN_MS = 15_000;
/** A single run may be begun for as long as it is worth bringing (operations/new-operation.ts). */
const ONCE_WITHIN_MS = 24 * 3_600_000;
/** After an attempt to which the probe did not answer, and while it is not ready. */
const AGAIN_MS = 1000;
/** The longest that a timer knows. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MOST_BEGUN = 1000;
const REMEMBERED_RUNS = 50_000;
const REMEMBERED_JOBS = 5000;
/** An answer is there once: while the database is away it waits here, and in this room. */
const PATIENCE_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 2000;
const HELD = { bytes: 64 * 1024 * 1024, items: 20_000 };
/** Output that had come of requests, in case that they do not end. */
const MOST_OUTPUT = 64 * 1024;
const REMEMBERED_OUTPUTS = 2000;

/** What a connected probe has to do. */
interface Keeper {
  link: ProbeLink;
  probe: AskedProbe;
  words: RunWords;
  jobs: Map<string, Held>;
  /** single runs that wait for the probe to be ready */
  waiting: Due[];
  gone: boolean;
}

interface Held {
  job: Job;
  numbers: RunNumbers;
  offsetMs: number;
  requests: readonly unknown[];
  dropped: boolean;
}

/** A run that is due, or will be. */
interface Due {
  keeper: Keeper;
  held: Held;
  run: number;
  /** when it is looked at: its time, or that of the next attempt */
  dueAt: number;
  scheduledAt: number;
}

/** A request whose answer has come, or may come. */
export interface Awaited {
  run: BegunRunEntity;
  job: Job;
  request: unknown;
}

/** Answers of one run, by the places of their requests. */
type Answers = ReadonlyMap<number, unknown>;

/**
 * Keeps the schedules of probes that keep none: sends each run at its time to the probe that is connected here, and makes a result of what
 * comes back, on whichever server that is. What a run may become, and why nothing is lost or done twice: docs/adr/0046.
 */
@Injectable()
export class ServerRunsService implements OnApplicationShutdown {
  private readonly logger = new Logger('server-runs');
  private readonly words = new Map<string, RunWords>();
  private readonly keepers = new Map<string, Keeper>();
  private readonly queue = new DueQueue<Due>();
  private timer: { handle: NodeJS.Timeout; at: number } | undefined;
  private readonly begins = new GroupCommit<BegunRunEntity, boolean>((runs) => this.runs.beginAll(runs), {
    most: MOST_BEGUN,
  });
  private readonly ends = new GroupCommit<{ id: ObjectId; requests: number }>(
    async (runs) => {
      await this.runs.endAll(runs, this.clock.now());
      return runs.map(() => undefined);
    },
    { most: MOST_BEGUN, lingerMs: 50 },
  );
  /** begun here, or of which something has come here */
  private readonly known = new LRUCache<string, BegunRunEntity>({ max: REMEMBERED_RUNS });
  private readonly jobs = new LRUCache<string, Job>({ max: REMEMBERED_JOBS });
  private readonly outputs = new LRUCache<string, string>({ max: REMEMBERED_OUTPUTS });
  private readonly inHand = new Set<string>();
  private readonly over = new LRUCache<string, true>({ max: REMEMBERED_RUNS });
  private readonly room = new SharedRoom(HELD);
  private ending = false;

  constructor(
    private readonly runs: BegunRunsRepository,
    private readonly operations: OperationsRepository,
    private readonly ingest: IngestService,
    private readonly servers: ServersService,
    private readonly clock: PlatformClock,
  ) {}

  register(words: RunWords): void {
    this.words.set(words.protocol, words);
  }

  onApplicationShutdown(): void {
    this.ending = true;
    clearTimeout(this.timer?.handle);
  }

  /** A probe has come, which is asked for each run. @returns what takes it away again */
  attach(link: ProbeLink, probe: AskedProbe): () => void {
    const words = this.words.get(link.protocol);
    if (words === undefined) throw new Error(`nobody knows the words of ${link.protocol}`);
    const keeper: Keeper = { link, probe, words, jobs: new Map(), waiting: [], gone: false };
    const key = keyOf(link.probe);
    const before = this.keepers.get(key);
    if (before !== undefined) before.gone = true;
    this.keepers.set(key, keeper);
    return () => {
      keeper.gone = true;
      keeper.waiting = [];
      if (this.keepers.get(key) === keeper) this.keepers.delete(key);
    };
  }

  /** From now on each run of this job is asked for at its time. */
  hold(link: ProbeLink, job: Job): void {
    const keeper = this.keeperOf(link);
    if (keeper === undefined) return;
    const key = keyOf(job.operation);
    if (keeper.jobs.has(key)) return;
    const numbers = numberRuns(job.schedule);
    const offsetMs = spreadOffsetMs(job.schedule, link.probe);
    const held: Held = { job, numbers, offsetMs, requests: keeper.words.requestsOf(job), dropped: false };
    keeper.jobs.set(key, held);
    this.jobs.set(key, job);
    const isOnce = job.schedule.type === 'once';
    const since = this.now() - BEGIN_WITHIN_MS - offsetMs;
    this.plan(keeper, held, isOnce ? 0 : Math.max(0, numbers.lastUntil(since) + 1));
    this.work();
  }

  /** Nothing more is asked for of it; what is under way ends. */
  drop(link: ProbeLink, operation: ObjectId): void {
    const keeper = this.keeperOf(link);
    const held = keeper?.jobs.get(keyOf(operation));
    if (held !== undefined) held.dropped = true;
    keeper?.jobs.delete(keyOf(operation));
  }

  /** It is ready now: what waited for that begins. */
  becameReady(link: ProbeLink): void {
    const keeper = this.keeperOf(link);
    for (const due of keeper?.waiting.splice(0) ?? []) this.begin(due);
  }

  /**
   * Whose answer this is: authorised by ids in the database, and not by the connection on which it came.
   * @returns undefined: that probe is not asked for it, or not any more
   */
  async awaited(probe: ObjectId, run: ObjectId, place: number): Promise<Awaited | undefined> {
    const begun = await this.find(run);
    const isAwaited =
      begun?.probe.equals(probe) === true &&
      begun.over_at === undefined &&
      !this.over.has(keyOf(run)) &&
      place < begun.requests;
    if (!isAwaited) return undefined;
    const job = await this.jobOf(begun.operation);
    const request = job && this.words.get(begun.protocol)?.requestsOf(job)[place];
    return job === undefined || request === undefined ? undefined : { run: begun, job, request };
  }

  /** Output of a request that is under way, in case that it does not end. */
  noteOutput({ run }: Awaited, place: number, text: string, overwrite: boolean): void {
    const key = `${keyOf(run._id)}.${place}`;
    const before = overwrite ? '' : (this.outputs.get(key) ?? '');
    this.outputs.set(key, (before + text).slice(0, MOST_OUTPUT));
  }

  /** Takes what came of a request. @returns when it is durable, or can never be */
  async answer({ run }: Awaited, place: number, answer: unknown): Promise<void> {
    const key = keyOf(run._id);
    if (run.requests === 1) {
      if (this.inHand.has(key)) return;
      await this.finish(run, new Map([[place, answer]]));
      return;
    }
    const text = JSON.stringify(answer);
    const count = await this.patiently(run, text.length, () =>
      this.runs.addPart({ run: run._id, request: place, answer: text, at: this.clock.now() }),
    );
    if (count === run.requests && !this.inHand.has(key)) await this.finish(run, await this.partsOf(run));
  }

  /** Ends those whose deadline was before, with what came of them. @param server whose they are; absent: of any */
  async endOverdue(before: Date, most: number, server?: string): Promise<number> {
    const overdue = await this.runs.findOverdue(before, most, server);
    for (const run of overdue) {
      if (!this.inHand.has(keyOf(run._id))) await this.finish(run, await this.partsOf(run));
    }
    return overdue.length;
  }

  async hasOverdue(before: Date): Promise<boolean> {
    return (await this.runs.findOverdue(before, 1)).length > 0;
  }

  private keeperOf(link: ProbeLink): Keeper | undefined {
    const keeper = this.keepers.get(keyOf(link.probe));
    return keeper?.link === link ? keeper : undefined;
  }

  private now(): number {
    return this.clock.now().getTime();
  }

  private plan(keeper: Keeper, held: Held, run: number): void {
    if (run >= held.numbers.count) return;
    const dueAt = held.numbers.timeOf(run) + held.offsetMs;
    this.queue.add({ keeper, held, run, dueAt, scheduledAt: dueAt });
  }

  /** Begins what is due, and comes back for the next. */
  private work(): void {
    const now = this.now();
    for (let due = this.queue.take(now); due !== undefined; due = this.queue.take(now)) {
      if (isOff(due)) continue;
      // of one that is looked at again the next run is planned already
      if (due.dueAt === due.scheduledAt) this.plan(due.keeper, due.held, due.run + 1);
      this.begin(due);
    }
    this.comeBack(now);
  }

  private comeBack(now: number): void {
    const { nextAt } = this.queue;
    if (nextAt === undefined || this.ending) return;
    if (this.timer !== undefined && this.timer.at <= nextAt) return;
    clearTimeout(this.timer?.handle);
    const handle = setTimeout(
      () => {
        this.timer = undefined;
        this.work();
      },
      Math.min(Math.max(0, nextAt - now), LONGEST_TIMER_MS),
    );
    this.timer = { handle: handle.unref(), at: nextAt };
  }

  private begin(due: Due): void {
    if (isOff(due) || this.now() > latestOf(due)) {
      forget(due);
      return;
    }
    const { keeper, held } = due;
    if (!keeper.probe.isReady(held.requests)) {
      this.postpone(due);
      return;
    }
    this.ask(due).catch((error: unknown) => {
      this.logger.error({ err: error, ...idsOf(due) }, 'a run was not begun');
    });
  }

  private postpone(due: Due): void {
    if (due.held.job.schedule.type === 'once' && !due.keeper.probe.isReady(due.held.requests)) {
      due.keeper.waiting.push(due);
      return;
    }
    const dueAt = Math.max(this.now() + AGAIN_MS, due.scheduledAt + 1);
    if (dueAt > latestOf(due)) {
      forget(due);
      return;
    }
    this.queue.add({ ...due, dueAt });
    this.comeBack(this.now());
  }

  private async ask(due: Due): Promise<void> {
    const { keeper, held, run } = due;
    const { requests, job } = held;
    const id = new ObjectId();
    let begun: Promise<boolean | undefined> | undefined;
    const begin = async () => {
      begun ??= this.store(id, due);
      const stored = await begun;
      // the database is away: another attempt may find it
      if (stored === undefined) begun = undefined;
      return stored === true;
    };
    const isDue = () => !isOff(due) && this.now() <= latestOf(due);
    const progress = job.progressOf?.some((probe) => probe.equals(keeper.link.probe)) === true;
    for (const [place, request] of requests.entries()) {
      const outcome = await keeper.probe.ask(
        { run: id.toHexString(), place, request, progress },
        begin,
        isDue,
      );
      if (outcome === 'begun') continue;
      if (begun === undefined && outcome !== 'gone') {
        this.logger.warn({ ...idsOf(due), run, outcome }, 'the probe did not take a run');
        this.postpone(due);
        return;
      }
      // what has begun ends by its deadline; the others of it are not asked for
      break;
    }
    forget(due);
  }

  /** @returns whether it may begin: it is durable now, and nobody has begun it before; undefined: that cannot be told now */
  private async store(id: ObjectId, { keeper, held, run, scheduledAt }: Due): Promise<boolean | undefined> {
    const { link, words } = keeper;
    const now = this.clock.now();
    const entity: BegunRunEntity = {
      _id: id,
      operation: held.job.operation,
      probe: link.probe,
      run,
      scheduled_at: new Date(scheduledAt),
      protocol: words.protocol,
      server: this.servers.ownId,
      requests: held.requests.length,
      begun_at: now,
      deadline: new Date(now.getTime() + words.limitMs(held.requests)),
    };
    try {
      const stored = await this.begins.add(entity);
      if (stored) this.known.set(keyOf(id), entity);
      return stored;
    } catch (error) {
      this.logger.warn(
        { err: error, ...idsOf({ keeper, held }) },
        'a run could not be noted, and is not begun',
      );
      return undefined;
    }
  }

  private async find(run: ObjectId): Promise<BegunRunEntity | undefined> {
    const known = this.known.get(keyOf(run));
    if (known !== undefined) return known;
    const found = await this.patiently({ _id: run }, 0, () => this.runs.findById(run));
    if (found === undefined || found === null) return undefined;
    this.known.set(keyOf(run), found);
    return found;
  }

  private async jobOf(operation: ObjectId): Promise<Job | undefined> {
    const known = this.jobs.get(keyOf(operation));
    if (known !== undefined) return known;
    const found = await this.patiently({ _id: operation }, 0, () => this.operations.findById(operation));
    if (found === undefined || found === null) return undefined;
    const job = jobOf(found);
    this.jobs.set(keyOf(operation), job);
    return job;
  }

  private async partsOf({ _id, requests }: BegunRunEntity): Promise<Answers> {
    if (requests === 1) return new Map();
    const parts = await this.runs.findParts(_id);
    return new Map(parts.map(({ request, answer }) => [request, JSON.parse(answer) as unknown]));
  }

  /** Makes a result of a run: what is missing of it did not come in time. */
  private async finish(run: BegunRunEntity, answers: Answers): Promise<void> {
    const key = keyOf(run._id);
    this.inHand.add(key);
    try {
      const report = await this.reportOf(run, answers);
      if (report !== undefined) {
        const taken = await this.patiently(run, report.content.length, () => this.accept(report));
        // nothing came of it: the sweep tries again
        if (taken === undefined) return;
      }
      this.over.set(key, true);
      for (let place = 0; place < run.requests; place += 1) this.outputs.delete(`${key}.${place}`);
      this.ends.add({ id: run._id, requests: run.requests }).catch((error: unknown) => {
        this.logger.warn({ err: error }, 'the end of a run was not noted; the sweep does it');
      });
    } finally {
      this.inHand.delete(key);
    }
  }

  /** @returns undefined where there is nothing that it could be a result of */
  private async reportOf(run: BegunRunEntity, answers: Answers): Promise<ResultReport | undefined> {
    const job = await this.jobOf(run.operation);
    const words = this.words.get(run.protocol);
    if (job === undefined || words === undefined) return undefined;
    const requests = words.requestsOf(job);
    const outputs = new Map(
      requests.flatMap((_request, place): [number, string][] => {
        const text = this.outputs.get(`${keyOf(run._id)}.${place}`);
        return text === undefined ? [] : [[place, text]];
      }),
    );
    return {
      operation: run.operation,
      probe: run.probe,
      uniqueCode: run.scheduled_at.toISOString(),
      scheduledAt: run.scheduled_at,
      clock: { source: 'none', offset_ms: null, error_ms: null, age_s: null },
      ...words.contentOf(requests, answers, outputs),
    };
  }

  /** @returns undefined while there is no room */
  private async accept(report: ResultReport): Promise<true | undefined> {
    const { status } = await this.ingest.accept(report);
    return status === 'busy' ? undefined : true;
  }

  /**
   * Tries again while the database is away, or busy.
   * @returns undefined when that took too long, or too much waits already
   */
  private async patiently<T>(
    { _id }: { _id: ObjectId },
    bytes: number,
    work: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const end = performance.now() + PATIENCE_MS;
    const who = keyOf(_id);
    let held = false;
    try {
      for (;;) {
        const done = await work().catch((error: unknown) => {
          this.logger.warn({ err: error }, 'the database did not take what came of a run; trying again');
          return undefined;
        });
        if (done !== undefined || this.ending || performance.now() > end) return done;
        held ||= this.room.enter(who, bytes) === undefined;
        if (!held) return undefined;
        await delay(LOOK_AGAIN_MS, undefined, { ref: false });
      }
    } finally {
      if (held) this.room.leave(who, bytes);
    }
  }
}

/** With its last run a job is done: a connection may stand for weeks, and single runs are jobs of their own. */
function forget({ keeper, held, run }: Due): void {
  const key = keyOf(held.job.operation);
  if (run >= held.numbers.count - 1 && keeper.jobs.get(key) === held) keeper.jobs.delete(key);
}

function isOff({ keeper, held }: Due): boolean {
  return keeper.gone || held.dropped;
}

/** Until when a run may be begun; of one that was asked for by who waits for it, as long as that is. */
function latestOf({ keeper, held, scheduledAt }: Due): number {
  if (held.job.schedule.type !== 'once') return scheduledAt + BEGIN_WITHIN_MS;
  return (
    scheduledAt + (held.job.wording === undefined ? ONCE_WITHIN_MS : keeper.words.limitMs(held.requests))
  );
}

function idsOf({ keeper, held }: Pick<Due, 'keeper' | 'held'>) {
  return { probe_id: String(keeper.link.probe), operation_id: String(held.job.operation) };
}

function keyOf(id: ObjectId): string {
  return id.toHexString();
}
