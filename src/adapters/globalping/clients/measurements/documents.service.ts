import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { OperationFeed } from '../../../../core/delivery/index.js';
import { OperationsService } from '../../../../core/operations/index.js';
import { ProgressService } from '../../../../core/progress/index.js';
import { rawBytes, type ResultEntity, ResultFeed } from '../../../../core/ingest/index.js';
import { ResultReader } from '../../../../core/results/index.js';
import { ServersService } from '../../../../core/servers/index.js';
import { type ShareEntity, SharesService } from '../../../../core/shares/index.js';
import { failedRun, type RunResult, shownResult } from '../../../../measurement/globalping/results.js';
import { type ObjectId } from '../../../../platform/database/object-id.js';
import { PlatformClock } from '../../../../platform/database/platform-clock.js';
import { DomainError } from '../../../../platform/errors/domain.error.js';
import { type BuiltDocument } from './built-document.js';
import { MeasurementState } from './measurement-state.js';

/** Measurements that are kept in memory for their readers. */
const MOST_STATES = 2_000;
const MOST_BYTES = 128 * 1024 * 1024;
/** How old what other servers have got may be; of this one it is known at once. */
const LOOK_MS = 250;
/** The same where there is no other server: a look for what was missed. */
const ALONE_LOOK_MS = 5_000;
/** Results that were committed late may have an earlier time than those that were seen. */
const OVERLAP_MS = 10_000;
const MOST_ASSIGNMENTS = 500;

interface Entry {
  state: MeasurementState;
  lookedAt: number;
  looking: Promise<void> | undefined;
  /** of the last result that was seen */
  seenUntil: Date | undefined;
  /** results that are being read: one after the other, as they came */
  reading: Promise<void>;
  /** ends what is heard of its progress */
  leave: () => void;
}

/** Measurements as documents: from the database, and as results become durable here. Made once a change, for all who ask. */
@Injectable()
export class DocumentsService implements OnModuleInit {
  private readonly entries = new LRUCache<string, Entry>({
    max: MOST_STATES,
    maxSize: MOST_BYTES,
    sizeCalculation: ({ state }) => 1024 * (1 + state.share.probes.length),
    dispose: (entry) => {
      const { operation } = entry.state.share;
      if (operation) this.byOperation.delete(operation.toHexString());
      entry.leave();
    },
  });
  /** by operation */
  private readonly byOperation = new Map<string, Entry>();
  private readonly loading = new Map<string, Promise<Entry>>();

  constructor(
    private readonly shares: SharesService,
    private readonly results: ResultReader,
    private readonly operations: OperationsService,
    private readonly feed: ResultFeed,
    private readonly assignments: OperationFeed,
    private readonly progress: ProgressService,
    private readonly servers: ServersService,
    private readonly clock: PlatformClock,
  ) {}

  onModuleInit(): void {
    this.feed.results.subscribe(({ result }) => {
      // of each result of the platform, and mostly nobody waits here
      if (this.byOperation.size === 0) return;
      const entry = this.byOperation.get(result.operation.toHexString());
      if (entry) this.take(entry, result);
    });
    this.assignments.changes.subscribe(({ assignment, answer }) => {
      const entry = this.byOperation.get(assignment.operation.toHexString());
      if (entry === undefined || answer.outcome !== 'refused') return;
      const result = failedRun({ reason: 'refused', detail: answer.reason });
      entry.state.end(assignment.probe.toHexString(), result, this.clock.now());
      this.forgetIfOver(entry);
    });
  }

  /** @throws DomainError not_found */
  async find(id: string): Promise<BuiltDocument> {
    const entry = this.entries.get(id) ?? (await this.load(id));
    const { state } = entry;
    const isOverdue = state.isOverdue(this.clock.now());
    if (!state.isOver) await this.lookIfOld(entry, isOverdue);
    await entry.reading;
    if (isOverdue && !state.isOver) {
      state.endAll();
      this.forgetIfOver(entry);
    }
    return state.built();
  }

  /** One reading for all who ask at once. */
  private load(id: string): Promise<Entry> {
    const before = this.loading.get(id);
    if (before !== undefined) return before;
    const loading = this.read(id).finally(() => {
      this.loading.delete(id);
    });
    this.loading.set(id, loading);
    return loading;
  }

  private async read(id: string): Promise<Entry> {
    const share = await this.shares.find(id);
    if (share === undefined) throw new DomainError('not_found', "Couldn't find the requested measurement.");
    return this.enter(share);
  }

  /** Hears of a measurement from its beginning: output that came before the first reader would be missing from the rest. */
  begin(share: ShareEntity): void {
    if (share.asked_progress === true) this.enter(share);
  }

  private enter(share: ShareEntity): Entry {
    const state = new MeasurementState(share);
    const entry: Entry = {
      state,
      lookedAt: -Infinity,
      looking: undefined,
      seenUntil: undefined,
      reading: Promise.resolve(),
      leave: () => undefined,
    };
    // before the look: what becomes durable meanwhile is heard of
    if (share.operation && !state.isOver) this.follow(entry, share.operation);
    this.entries.set(share._id, entry);
    return entry;
  }

  private follow(entry: Entry, operation: ObjectId): void {
    const { state } = entry;
    this.byOperation.set(operation.toHexString(), entry);
    if (state.share.asked_progress !== true) return;
    entry.leave = this.progress.subscribe(operation, ({ probe, result, overwrite }) => {
      state.progress(probe, result, overwrite, this.clock.now());
    });
  }

  private async lookIfOld(entry: Entry, isOverdue: boolean): Promise<void> {
    const most = this.servers.others().length === 0 ? ALONE_LOOK_MS : LOOK_MS;
    const isOld = performance.now() - entry.lookedAt > most;
    if (!isOld && !isOverdue) return;
    entry.looking ??= this.look(entry).finally(() => {
      entry.looking = undefined;
    });
    await entry.looking;
  }

  private async look(entry: Entry): Promise<void> {
    const { state, seenUntil } = entry;
    const { operation } = state.share;
    if (operation === undefined) return;
    const asked = performance.now();
    const from = seenUntil && new Date(seenUntil.getTime() - OVERLAP_MS);
    const filter = { operations: [operation], ...(from && { between: { from } }) };
    for await (const { _id, head, raw } of this.results.read(filter, { head: true, raw: true })) {
      if (head === undefined || !state.awaits(head.probe.toHexString())) continue;
      if (entry.seenUntil === undefined || head.received_at > entry.seenUntil)
        entry.seenUntil = head.received_at;
      await this.conclude(entry, head, raw ?? (head.format ? await this.results.rawOf(_id) : undefined));
    }
    if (!state.isOver) await this.lookForRefusals(entry);
    entry.lookedAt = asked;
    this.forgetIfOver(entry);
  }

  private async lookForRefusals({ state }: Entry): Promise<void> {
    const { operation } = state.share;
    if (operation === undefined) return;
    const found = await this.operations.assignmentsOf({ _id: operation }, MOST_ASSIGNMENTS);
    for (const { probe, state: its, reason = '', ended_at } of found) {
      if (its !== 'refused' && its !== 'stopped') continue;
      const result = failedRun({ reason: its, detail: reason });
      state.end(probe.toHexString(), result, ended_at ?? this.clock.now());
    }
  }

  /** A result that became durable here. */
  private take(entry: Entry, result: ResultEntity): void {
    entry.reading = entry.reading
      .then(() => this.conclude(entry, result, result.raw && rawBytes(result.raw)))
      .catch(() => {
        // the next look reads it from the database
        entry.lookedAt = -Infinity;
      });
  }

  private async conclude({ state }: Entry, result: ResultEntity, raw: Buffer | undefined): Promise<void> {
    const { asked } = state.share;
    const run: RunResult = { ...result, raw, type: String(asked['type']), target: String(asked['target']) };
    state.end(result.probe.toHexString(), await shownResult(run), result.received_at);
    const entry = this.byOperation.get(result.operation.toHexString());
    if (entry) this.forgetIfOver(entry);
  }

  private forgetIfOver({ state, leave }: Entry): void {
    if (!state.isOver) return;
    leave();
    if (state.share.operation) this.byOperation.delete(state.share.operation.toHexString());
  }
}
