import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Destination, type readDestinations } from '@pladmed/protocol';
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
import { type ClockEstimate } from '../probes/index.js';
import { BatchWriter, type Written } from './batch-writer.js';
import { type Submission } from './effects.js';
import { digestResult, formatOf, FORMATS } from '../../measurement/kinds/result-formats.js';
import { ResultFeed } from './result-feed.js';
import { type ResultEntity, rawBytes } from './result.schema.js';

/** MongoDB takes documents of 16 MB at most; the rest is for the summary. */
export const MAX_CONTENT_BYTES = 12 * 1024 * 1024;
/** What a result weighs beside its content: names, times, a small summary. */
const OVERHEAD_BYTES = 1024;
/** What one of its destinations weighs beside its texts: names of members, numbers. */
const DESTINATION_BYTES = 80;
/** Results that come later than this after the end of their operation are refused. */
export const LATE_MS = 14 * 24 * 3_600_000;

interface RunReport {
  operation: ObjectId | undefined;
  probe: ObjectId;
  uniqueCode: string;
  scheduledAt?: Date;
  clock?: ClockEstimate;
}

/** A run that brought something back. */
export interface ResultReport extends RunReport {
  /** what the probe calls it: unchecked */
  format: string;
  content: Buffer;
  startedAt?: Date;
  durationMs?: number;
  /** what the probe said of the destinations, or why that cannot be read */
  told?: ReturnType<typeof readDestinations>;
}

/** A run that was due and could not be done. */
export interface FailureReport extends RunReport {
  reason: string;
  detail: string;
}

export type RefusalReason =
  | 'unknown_operation'
  | 'not_assigned'
  | 'bad_format'
  | 'too_large'
  | 'too_late'
  | 'too_much_extra';

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

/** What a run brought: all of a result but which run it is of. */
interface Content {
  members: Partial<ResultEntity>;
  /** what its summary weighs beyond what every result is reckoned with */
  moreBytes: number;
}
type Digest = (kind: KindName) => Promise<Content | RefusalReason> | Content;
/** Takes more room. @returns whether there is any */
type Widen = (bytes: number) => boolean;

/** What is stored of a result in which nothing was sent: docs/protocol.md, "What counts". */
const NOTHING_SENT = {
  reason: 'nothing_sent',
  detail: 'the result shows that no packet was sent to any destination',
};

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
      this.ingest(report, (kind) => digestOf(report, kind), widen),
    );
  }

  /** The same for a run that was due and could not be done. */
  async acceptFailure(report: FailureReport): Promise<Acceptance> {
    const failure = { reason: report.reason, detail: report.detail };
    const content: Content = { members: { outcome: 'failed', failure }, moreBytes: 0 };
    return this.whileRoom(report, report.detail.length, (widen) => this.ingest(report, () => content, widen));
  }

  /** The way of a report in. The first step that refuses it ends it. */
  private async ingest(report: RunReport, digest: Digest, widen: Widen): Promise<Acceptance> {
    // before any work is done for it: whoever has a probe may send
    const assigned = await this.authorize(report);
    if (typeof assigned === 'string') return this.refuse(report, assigned);
    const run = this.identify(report, assigned);
    const content = await digest(assigned.kind);
    if (typeof content === 'string') return this.refuse(report, content);
    if (!widen(content.moreBytes)) return busy();
    const result = Object.assign(run.result, content.members) as ResultEntity;
    const written = await this.commit({ result, position: run.position }, content.moreBytes, assigned);
    if (written === 'assignment_gone') return this.refuse(report, 'not_assigned');
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

  /** @returns what the probe was asked to do, or why its report is refused */
  private async authorize({ operation, probe }: RunReport): Promise<Assigned | RefusalReason> {
    if (operation === undefined) return 'unknown_operation';
    const assigned = await this.assignmentOf(operation, probe);
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
  private async commit(
    { result, position }: Pick<Submission, 'result' | 'position'>,
    moreBytes: number,
    { name: assignment, probeOwner }: Assigned,
  ): Promise<Written> {
    const bytes = rawBytes(result.raw).length + weightOf(result.destinations) + OVERHEAD_BYTES + moreBytes;
    const run = assignment + result.unique_code;
    const written = await this.writer.write({ result, assignment, run, probeOwner, bytes, position });
    if (written === 'assignment_gone') this.assigned.delete(assignment);
    return written;
  }

  /** Tells those who follow live. */
  private publish(result: ResultEntity, { probeOwner, isPrivate }: Assigned): void {
    this.feed.stored({ result, probeOwner, isPrivate });
  }

  /** Those who ask together are answered together, and in the order in which they asked: of two equal results the first one counts. */
  private async assignmentOf(operation: ObjectId, probe: ObjectId): Promise<Assigned | undefined> {
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

/** Decodes what a probe measured, and makes the summary of it. @returns what is stored of that, or why it is refused */
async function digestOf(report: ResultReport, kind: KindName): Promise<Content | RefusalReason> {
  const { destinations, problem } = report.told ?? {};
  const namesRun = report.scheduledAt !== undefined;
  const format = formatOf(kind, report.format, namesRun);
  if (format === undefined) return 'bad_format';
  const digest = await digestResult(format, report.content, destinations);
  const error = digest.error ?? problem;
  // a result that names no run is paid when it comes, whatever it shows
  const failure = digest.failure ?? (digest.sentNothing === true && namesRun ? NOTHING_SENT : undefined);
  const members: Partial<ResultEntity> = failure ? { outcome: 'failed', failure } : { outcome: 'stored' };
  members.format = format;
  members.raw = report.content;
  members.summary = digest.summary;
  members.summary_rules = FORMATS[format].rules;
  if (digest.rtts) members.rtts = digest.rtts;
  if (destinations) members.destinations = destinations;
  if (error !== undefined) members.decode_error = error;
  if (report.startedAt) members.started_at = report.startedAt;
  if (report.durationMs !== undefined) members.duration_ms = report.durationMs;
  const moreBytes = Math.max(0, digest.summaryBytes + (digest.rtts?.length ?? 0) - OVERHEAD_BYTES);
  return { members, moreBytes };
}

function busy(): Acceptance {
  return { status: 'busy', retryAfterMs: jittered(BUSY_MS) };
}
