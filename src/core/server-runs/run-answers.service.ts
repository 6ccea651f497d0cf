import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { setTimeout as delay } from 'node:timers/promises';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { SharedRoom } from '../../platform/limits/shared-room.js';
import { OperationsRepository } from '../assignments/index.js';
import { jobOf } from '../delivery/index.js';
import { type Acceptance, IngestService, type ResultReport } from '../ingest/index.js';
import { type Job } from '../presence/index.js';
import { BegunRuns } from '../runs/index.js';
import { type BegunRunEntity } from './begun-run.schema.js';
import { BegunRunsRepository } from './begun-runs.repository.js';
import { type RunWords } from './run-words.js';

const MOST_ENDED = 1000;
const REMEMBERED_RUNS = 50_000;
const REMEMBERED_JOBS = 5000;
/** An answer is there once: while the database is away it waits here, and in this room. */
const PATIENCE_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 2000;
const HELD = { bytes: 64 * 1024 * 1024, items: 20_000 };
/** Output that had come of requests, in case that they do not end. */
const MOST_OUTPUT = 64 * 1024;
const REMEMBERED_OUTPUTS = 2000;

/** A request whose answer has come, or may come. */
export interface Awaited {
  run: BegunRunEntity;
  job: Job;
  request: unknown;
}

/** Answers of one run, by the places of their requests. */
type Answers = ReadonlyMap<number, unknown>;

/** Makes results of what comes back of runs that the server has asked for, whichever server that was; each run ends once. */
@Injectable()
export class RunAnswersService implements OnApplicationShutdown {
  private readonly logger = new Logger('server-runs');
  private readonly words = new Map<string, RunWords>();
  private readonly ends = new GroupCommit<{ id: ObjectId; requests: number }>(
    async (runs) => {
      await this.runs.endAll(runs, this.clock.now());
      return runs.map(() => undefined);
    },
    { most: MOST_ENDED, lingerMs: 50 },
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
    private readonly clock: PlatformClock,
    begun: BegunRuns,
  ) {
    begun.register((operation, probes) => this.runs.findOpen(operation, probes));
  }

  register(words: RunWords): void {
    this.words.set(words.protocol, words);
  }

  onApplicationShutdown(): void {
    this.ending = true;
  }

  wordsOf(protocol: string): RunWords {
    const words = this.words.get(protocol);
    if (words === undefined) throw new Error(`nobody knows the words of ${protocol}`);
    return words;
  }

  noteJob(job: Job): void {
    this.jobs.set(keyOf(job.operation), job);
  }

  noteBegun(run: BegunRunEntity): void {
    this.known.set(keyOf(run._id), run);
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
    const accepted = await this.ingest.accept(report);
    const failure = failureIn(accepted);
    const { status } = failure
      ? await this.ingest.acceptFailure({ ...namesOf(report), ...failure })
      : accepted;
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

function keyOf(id: ObjectId): string {
  return id.toHexString();
}

/** @returns why a run has failed whose answers cannot be kept: it has begun, and has to have an end; undefined: they are, or nobody owes the run */
function failureIn(accepted: Acceptance): { reason: string; detail: string } | undefined {
  if (accepted.status !== 'refused') return undefined;
  const { reason } = accepted;
  if (reason !== 'too_large' && reason !== 'bad_format') return undefined;
  const why = reason === 'too_large' ? 'is larger than a result may be' : 'is no result of its kind';
  return { reason: 'tool_failed', detail: `what the probe sent ${why}` };
}

function namesOf({ operation, probe, uniqueCode, scheduledAt, clock }: ResultReport) {
  return { operation, probe, uniqueCode, ...(scheduledAt && { scheduledAt }), ...(clock && { clock }) };
}
