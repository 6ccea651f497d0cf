import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { type Job, type ProbeLink } from '../presence/index.js';
import { ServersService } from '../servers/index.js';
import { type BegunRunEntity } from './begun-run.schema.js';
import { BegunRunsRepository } from './begun-runs.repository.js';
import { DueQueue } from './due-queue.js';
import { RunAnswersService } from './run-answers.service.js';
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
  /** whether its operation is in the database; nothing of it begins before */
  stored: Promise<boolean> | undefined;
  /** it was expected, and is delivered when it is stored: until then it is known here, also when its run has begun */
  isExpected: boolean;
  /** its last run was begun, or is not begun any more */
  isOver: boolean;
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
  /** under which the probe is asked for it, each time: it may begin what it was sent first */
  id: ObjectId;
}

/**
 * Keeps the schedules of probes that keep none: sends each run at its time to the probe that is connected here. What comes back is taken by
 * RunAnswersService, on whichever server that is. What a run may become, and why nothing is lost or done twice: docs/adr/0046.
 */
@Injectable()
export class ServerRunsService implements OnApplicationShutdown {
  private readonly logger = new Logger('server-runs');
  private readonly keepers = new Map<string, Keeper>();
  private readonly queue = new DueQueue<Due>();
  private timer: { handle: NodeJS.Timeout; at: number } | undefined;
  private readonly begins = new GroupCommit<BegunRunEntity, boolean>((runs) => this.runs.beginAll(runs), {
    most: MOST_BEGUN,
  });
  private ending = false;

  constructor(
    private readonly runs: BegunRunsRepository,
    private readonly answers: RunAnswersService,
    private readonly servers: ServersService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationShutdown(): void {
    this.ending = true;
    clearTimeout(this.timer?.handle);
  }

  /** A probe has come, which is asked for each run. @returns what takes it away again */
  attach(link: ProbeLink, probe: AskedProbe): () => void {
    const words = this.answers.wordsOf(link.protocol);
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

  /**
   * From now on each run of this job is asked for at its time.
   * @param stored of one that is just being stored, and is held again then: the probe is asked for it meanwhile, and it is dropped
   *   where this gives false
   */
  hold(link: ProbeLink, job: Job, stored?: Promise<boolean>): void {
    const keeper = this.keeperOf(link);
    if (keeper === undefined) return;
    const key = keyOf(job.operation);
    const before = keeper.jobs.get(key);
    if (before !== undefined) {
      if (before.isExpected && before.isOver) keeper.jobs.delete(key);
      before.isExpected = false;
      return;
    }
    const numbers = numberRuns(job.schedule);
    const offsetMs = spreadOffsetMs(job.schedule, link.probe);
    const requests = keeper.words.requestsOf(job);
    const isExpected = stored !== undefined;
    const held: Held = {
      job,
      numbers,
      offsetMs,
      requests,
      stored,
      isExpected,
      isOver: false,
      dropped: false,
    };
    keeper.jobs.set(key, held);
    void stored?.then((isStored) => {
      if (!isStored) this.drop(link, job.operation);
    });
    this.answers.noteJob(job);
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
    this.queue.add({ keeper, held, run, dueAt, scheduledAt: dueAt, id: new ObjectId() });
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
    const { keeper, held, run, id } = due;
    const { requests, job } = held;
    let begun: Promise<boolean | undefined> | undefined;
    const begin = async () => {
      begun ??= this.store(due);
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
      if (begun === undefined && outcome !== 'gone' && !isOff(due)) {
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
  private async store({ keeper, held, run, scheduledAt, id }: Due): Promise<boolean | undefined> {
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
      // together: where the operation is not stored after all, nothing has begun
      const [isStored, isFirst] = await Promise.all([held.stored, this.begins.add(entity)]);
      if (isStored !== false && isFirst) this.answers.noteBegun(entity);
      else if (isFirst) await this.runs.remove(id);
      return isStored !== false && isFirst;
    } catch (error) {
      this.logger.warn(
        { err: error, ...idsOf({ keeper, held }) },
        'a run could not be noted, and is not begun',
      );
      return undefined;
    }
  }
}

/** With its last run a job is done: a connection may stand for weeks, and single runs are jobs of their own. */
function forget({ keeper, held, run }: Due): void {
  const key = keyOf(held.job.operation);
  if (run < held.numbers.count - 1) return;
  held.isOver = true;
  if (!held.isExpected && keeper.jobs.get(key) === held) keeper.jobs.delete(key);
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
