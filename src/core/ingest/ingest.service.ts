import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Destination } from '@pladmed/protocol';
import { LRUCache } from 'lru-cache';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { jittered } from '../../platform/limits/jitter.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { type Lack, SharedRoom } from '../../platform/limits/shared-room.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type AssignedRuns, assignmentName, AssignmentsRepository } from '../assignments/index.js';
import { CoverageService } from '../runs/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { BatchWriter, type Written } from './batch-writer.js';
import { type Submission } from './effects.js';
import {
  digestReport,
  type FailureReport,
  type MoreBytes,
  OVERHEAD_BYTES,
  type RefusalReason,
  type ResultReport,
  type RunReport,
} from './report-content.js';
import { ResultFeed } from './result-feed.js';
import { type ResultEntity, rawBytes } from './result.schema.js';

/** MongoDB takes documents of 16 MB at most; the rest is for the summary. */
export const MAX_CONTENT_BYTES = 12 * 1024 * 1024;
/** What one of its destinations weighs beside its texts: names of members, numbers. */
const DESTINATION_BYTES = 80;
/** Results that come later than this after the end of their operation are refused. */
export const LATE_MS = 14 * 24 * 3_600_000;

export type Acceptance =
  | { status: 'stored' | 'duplicate' }
  | { status: 'refused'; reason: RefusalReason }
  | { status: 'busy'; retryAfterMs: number };

interface Assigned {
  /** assignmentName() of the two; all its results share the objects that name them */
  name: string;
  operation: ObjectId;
  probe: ObjectId;
  probeOwner: ObjectId;
  endsAt: Date;
  isPrivate: boolean;
  kind: KindName;
  runs: AssignedRuns;
}

/** Adds to a result what the run brought: all but which run it is of. @returns why it is refused, if it is */
type Digest = (
  kind: KindName,
  result: Partial<ResultEntity>,
) => Promise<MoreBytes | RefusalReason> | MoreBytes | RefusalReason;
/** Takes more room. @returns whether there is any */
type Widen = (bytes: number) => boolean;

const BUSY_MS = 2000;

/** How a report becomes a durable result: authorize, identify, digest, commit, publish. */
@Injectable()
export class IngestService {
  private readonly logger = new Logger('ingest');
  /** who is assigned to what never changes; only a database that is emptied makes it forgotten */
  private readonly assigned = new LRUCache<string, Assigned>({ max: 100_000 });
  private readonly lookups = new Map<string, Promise<Assigned | undefined>>();
  /** of results that are being digested or written */
  private readonly room: SharedRoom;
  private readonly inHand = new Set<Promise<Acceptance>>();
  private draining = false;
  private readonly refusals = new Map<RefusalReason, number>();

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly coverage: CoverageService,
    private readonly writer: BatchWriter,
    private readonly feed: ResultFeed,
    private readonly hits: LimitHits,
    private readonly clock: PlatformClock,
    @Inject(ENV) env: Env,
  ) {
    this.room = new SharedRoom({ bytes: env.ingestMaxWaitingBytes, items: env.ingestMaxWaitingItems });
  }

  /** @returns when the result is durable, or why it is not; rejects only when the database fails */
  async accept(report: ResultReport): Promise<Acceptance> {
    if (report.content.length > MAX_CONTENT_BYTES) return this.refuse(report, 'too_large');
    const bytes = report.content.length + weightOf(report.told?.destinations);
    return this.whileRoom(report, bytes, (widen) =>
      this.ingest(report, (kind, result) => digestReport(report, kind, result), widen),
    );
  }

  /** The same for a run that was due and could not be done. */
  async acceptFailure(report: FailureReport): Promise<Acceptance> {
    const digestFailure: Digest = (_kind, result) => {
      result.outcome = 'failed';
      result.failure = { reason: report.reason, detail: report.detail };
      return 0;
    };
    return this.whileRoom(report, report.detail.length, (widen) => this.ingest(report, digestFailure, widen));
  }

  /** The way of a report in. The first step that refuses it ends it. */
  private async ingest(report: RunReport, digest: Digest, widen: Widen): Promise<Acceptance> {
    // before any work is done for it: whoever has a probe may send
    const authorized = this.authorize(report);
    const assigned = authorized instanceof Promise ? await authorized : authorized;
    if (typeof assigned === 'string') return this.refuse(report, assigned);
    const run = this.identify(report, assigned);
    const digested = digest(assigned.kind, run.result);
    const moreBytes = digested instanceof Promise ? await digested : digested;
    if (typeof moreBytes === 'string') return this.refuse(report, moreBytes);
    if (!widen(moreBytes)) return busy();
    const result = run.result as ResultEntity;
    const written = await this.commit({ result, position: run.position }, moreBytes, assigned);
    if (written === 'assignment_gone') {
      this.assigned.delete(assigned.name);
      return this.refuse(report, 'not_assigned');
    }
    if (written === 'too_much_extra') return this.refuse(report, written);
    if (written === 'stored') this.publish(result, assigned);
    return { status: written };
  }

  /** Takes nothing more, and returns when what was taken is durable and its answers are on their way. */
  async drain(): Promise<void> {
    this.draining = true;
    await Promise.allSettled(this.inHand);
    // the doors answer in the turns of the loop that follow
    await new Promise(setImmediate);
  }

  /** For a database that was emptied. */
  forget(): void {
    this.assigned.clear();
    this.writer.forget();
  }

  /** Results that are not durable yet. */
  get backlog(): { bytes: number; items: number } {
    return { bytes: this.room.bytes, items: this.room.items };
  }

  /** How many reports were refused since the start, by reason. */
  refusalCounts(): ReadonlyMap<RefusalReason, number> {
    return this.refusals;
  }

  /** Bounds what waits to be written: beyond it probes are told to come back, and keep what they have. */
  private async whileRoom(
    { probe }: RunReport,
    contentBytes: number,
    work: (widen: Widen) => Promise<Acceptance>,
  ): Promise<Acceptance> {
    let bytes = contentBytes + OVERHEAD_BYTES;
    const who = probe.toHexString();
    if (this.draining) return busy();
    if (!this.hasRoom(this.room.enter(who, bytes))) return busy();
    const working = work((more) => {
      const isWider = more === 0 || this.hasRoom(this.room.widen(who, more));
      if (isWider) bytes += more;
      return isWider;
    });
    this.inHand.add(working);
    try {
      return await working;
    } finally {
      this.inHand.delete(working);
      this.room.leave(who, bytes);
    }
  }

  private hasRoom(lack: Lack | undefined): boolean {
    if (lack !== undefined) this.hits.note(`ingest_${lack}`);
    return lack === undefined;
  }

  /** @returns what the probe was asked to do, or why its report is refused; of what is known at once */
  private authorize({
    operation,
    probe,
  }: RunReport): Assigned | RefusalReason | Promise<Assigned | RefusalReason> {
    if (operation === undefined) return 'unknown_operation';
    const assigned = this.assignmentOf(operation, probe);
    return assigned instanceof Promise ? assigned.then((found) => this.ofNow(found)) : this.ofNow(assigned);
  }

  private ofNow(assigned: Assigned | undefined): Assigned | RefusalReason {
    if (assigned === undefined) return 'not_assigned';
    const isLate = this.clock.now().getTime() > assigned.endsAt.getTime() + LATE_MS;
    return isLate ? 'too_late' : assigned;
  }

  /** @returns which run of the schedule it is, and what says so in the stored result */
  private identify(report: RunReport, { operation, probe, runs }: Assigned) {
    const position = runs.positionOf(report.scheduledAt, this.clock.now());
    const result: Partial<ResultEntity> = {
      _id: new ObjectId(),
      operation,
      probe,
      unique_code: report.uniqueCode,
    };
    if (position.claim.type === 'off_schedule') result.off_schedule = true;
    if (report.scheduledAt) result.scheduled_at = report.scheduledAt;
    if (report.clock) result.clock = report.clock;
    return { position, result };
  }

  /** Makes it durable, once, with its effects. */
  private commit(
    { result, position }: Pick<Submission, 'result' | 'position'>,
    moreBytes: MoreBytes,
    { name: assignment, probeOwner }: Assigned,
  ): Promise<Written> {
    const bytes = rawBytes(result.raw).length + weightOf(result.destinations) + OVERHEAD_BYTES + moreBytes;
    const run = assignment + result.unique_code;
    return this.writer.write({ result, assignment, run, probeOwner, bytes, position });
  }

  /** Tells those who follow live. */
  private publish(result: ResultEntity, { probeOwner, isPrivate }: Assigned): void {
    this.feed.stored({ result, probeOwner, isPrivate });
  }

  /** Those who ask together are answered together, and in the order in which they asked: of two equal results the first one counts. */
  private assignmentOf(operation: ObjectId, probe: ObjectId): Assigned | Promise<Assigned | undefined> {
    const name = assignmentName({ operation, probe });
    const known = this.assigned.get(name);
    if (known !== undefined) return known;
    const asked = this.lookups.get(name);
    if (asked !== undefined) return asked;
    const lookup = this.lookUp(name, operation, probe).finally(() => {
      this.lookups.delete(name);
    });
    this.lookups.set(name, lookup);
    return lookup;
  }

  private async lookUp(name: string, operation: ObjectId, probe: ObjectId): Promise<Assigned | undefined> {
    const assignment = await this.assignments.findOne(operation, probe);
    const duty = assignment === null ? undefined : await this.coverage.dutyOf(assignment);
    if (assignment === null || duty === undefined) return undefined;
    const assigned = {
      ...{ name, operation, probe },
      probeOwner: assignment.probe_owner,
      endsAt: assignment.ends_at,
      isPrivate: assignment.private === true,
      ...duty,
    };
    this.assigned.set(name, assigned);
    return assigned;
  }

  private refuse(report: RunReport, reason: RefusalReason): Acceptance {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
    const ids = {
      probe_id: String(report.probe),
      operation_id: report.operation && String(report.operation),
    };
    this.logger.warn({ ...ids, unique_code: report.uniqueCode, reason }, 'a result was refused');
    return { status: 'refused', reason };
  }
}

/** Roughly, in bytes. */
function weightOf(destinations: readonly Destination[] | undefined): number {
  if (destinations === undefined) return 0;
  const lengths = destinations.map(
    ({ destination, address, error, note }) =>
      destination.length + (address ?? '').length + (error ?? '').length + (note ?? '').length,
  );
  return lengths.reduce((sum, length) => sum + length + DESTINATION_BYTES, 0);
}

function busy(): Acceptance {
  return { status: 'busy', retryAfterMs: jittered(BUSY_MS) };
}
