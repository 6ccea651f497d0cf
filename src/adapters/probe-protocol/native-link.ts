import { type Operation, type Sync, syncAnswer } from '@pladmed/protocol';
import { type Socket } from 'socket.io';
import { type ObjectId } from '../../platform/database/object-id.js';
import { inParts } from '../../platform/batching/in-parts.js';
import {
  type DeliveryAnswer,
  type Job,
  type JobsPart,
  type OpenConnection,
  type ProbeLink,
  type ProbeProtocol,
} from '../../core/presence/index.js';
import { type DeliveryCapabilities, type LinkCapabilities } from '../../core/probes/index.js';
import { toProbeSchedule } from '../../measurement/schedule/schedule.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { type ProbeToServer, type ServerToProbe, SYNC_PART, SYNC_WHOLE } from './probe.protocol.js';

const ACKNOWLEDGE_MS = 15_000;
/** A message up to this is small enough for anybody. */
const LARGE_BYTES = 1024 * 1024;
const REMEMBERED_STOPS = 10_000;

export type NativeSocket = Socket<
  ProbeToServer,
  ServerToProbe,
  Record<string, never>,
  { open?: OpenConnection }
>;

/** It reconciles what it has with what it is told, as often as it is told (docs/protocol.md, `sync`). */
export const NATIVE_CAPABILITIES: DeliveryCapabilities = {
  acknowledges: true,
  canBeStopped: true,
  canBeOffset: true,
  namesRuns: true,
  schedulesItself: true,
};

/** Whatever the platform can be asked for can be said in it. */
export const NATIVE: ProbeProtocol = { label: 'native' };

/** Where a message stands in a sync. */
type SyncPosition = Pick<Sync, 'full' | 'part' | 'more'>;

/** How a probe can be told everything. */
interface Takes {
  /** in parts: it said so in its handshake */
  parts: boolean;
  /** in one message, however large */
  whole: boolean;
}

/** A native probe: jobs go out as `sync`. */
export class NativeLink implements ProbeLink {
  readonly protocol = NATIVE.label;
  readonly capabilities: LinkCapabilities;
  readonly probe: ObjectId;
  readonly session: ObjectId;
  readonly version: string | undefined;
  private revision = 0;
  /** what is created while a full sync is being put together waits for it: it would be dropped by it */
  private synced = Promise.resolve();
  /** a job that was read before its operation was stopped may come to be sent after `stop` was */
  private readonly stopped = new Set<string>();
  private releaseSynced: () => void = () => undefined;
  /** it did not acknowledge something: what it has may not be what it should have */
  private missed = false;
  private wholeUnanswered = false;

  constructor(
    private readonly socket: NativeSocket,
    { probe, session }: OpenConnection,
    private readonly takes: Takes,
  ) {
    this.probe = probe._id;
    this.session = session;
    this.version = probe.connection?.version;
    // what is named before it is copied: else each of them has a hidden class of its own, of 260 bytes
    this.capabilities = { kinds: probe.connection?.kinds ?? [], ...NATIVE_CAPABILITIES };
    this.expectEverything();
  }

  /** A large message was sent to it and came to nothing: the next time it gets parts, whatever it makes of them. */
  get couldNotTakeWhole(): boolean {
    return this.wholeUnanswered;
  }

  get isInDoubt(): boolean {
    return this.missed;
  }

  expectEverything(): void {
    const before = this.releaseSynced;
    this.missed = false;
    this.synced = new Promise((resolve) => {
      this.releaseSynced = () => {
        before();
        resolve();
      };
    });
  }

  /** Part by part: each goes out when the one before it is acknowledged. */
  async *deliver(jobs: readonly Job[], everything: boolean): AsyncGenerator<DeliveryAnswer[], void> {
    if (!everything) await this.synced;
    for await (const answers of this.sendAll(this.partsOf(jobs, everything), everything)) {
      this.wholeUnanswered = false;
      yield answers;
    }
  }

  takesWhole(bytes: number): boolean {
    if (this.takes.parts || this.wholeUnanswered || bytes > SYNC_WHOLE.bytes) return false;
    return bytes <= LARGE_BYTES || this.takes.whole;
  }

  deliverInParts(parts: AsyncIterable<JobsPart>): AsyncGenerator<DeliveryAnswer[], void> {
    return this.sendAll(parts, true);
  }

  private async *sendAll(
    parts: Iterable<JobsPart> | AsyncIterable<JobsPart>,
    everything: boolean,
  ): AsyncGenerator<DeliveryAnswer[], void> {
    let [sent, complete] = [0, false];
    try {
      for await (const { jobs, more } of parts) {
        const answer = this.sync(jobs, this.positionOf(sent, !more, everything));
        sent += 1;
        // what was created meanwhile goes out behind the last part
        if (everything && !more) this.releaseSynced();
        const refused = await answer;
        if (refused === undefined) return;
        complete = !more;
        yield jobs.map(({ operation }) => outcomeOf(refused.get(operation.toHexString())));
      }
    } finally {
      // also where the caller could not note an answer: what is missing is told again, with everything
      if (!complete) this.missed = true;
    }
  }

  stop(operation: ObjectId, reason: string): void {
    const message = { operation_id: operation.toHexString(), reason };
    this.rememberStopped(message.operation_id);
    this.socket.timeout(ACKNOWLEDGE_MS).emit('stop', message, (error: Error | null) => {
      if (error !== null) this.missed = true;
    });
  }

  askToReconnect(afterMs: number): void {
    this.socket.timeout(ACKNOWLEDGE_MS).emit('reconnect', { after_ms: afterMs }, () => undefined);
  }

  close(): void {
    this.releaseSynced();
    this.socket.disconnect(true);
  }

  /** A plain set, oldest first: a cache reserves its room at once, and there is one link for each of thousands of probes. */
  private rememberStopped(operation: string): void {
    this.stopped.add(operation);
    if (this.stopped.size <= REMEMBERED_STOPS) return;
    const [oldest] = this.stopped;
    if (oldest !== undefined) this.stopped.delete(oldest);
  }

  /**
   * @returns one part at least, since a probe must also be told that it has nothing to do. A probe that does not know parts gets all jobs
   * in one message while it can take it: it would drop those that the first part does not name.
   */
  private partsOf(jobs: readonly Job[], everything: boolean): JobsPart[] {
    // by far the most common: a new operation, which need not be weighed
    if (jobs.length <= 1 && !everything) return [{ jobs, more: false }];
    const bytes = jobs.reduce((sum, job) => sum + this.sizeOf(job), 0);
    if (everything && jobs.length <= SYNC_WHOLE.items && this.takesWhole(bytes)) {
      this.wholeUnanswered = bytes > LARGE_BYTES;
      return [{ jobs, more: false }];
    }
    const most = { items: SYNC_PART.items, weight: SYNC_PART.bytes };
    const parts = [...inParts(jobs, (job) => this.sizeOf(job), most)];
    if (parts.length === 0) return [{ jobs, more: false }];
    return parts.map((part, index) => ({ jobs: part, more: index < parts.length - 1 }));
  }

  private positionOf(index: number, last: boolean, everything: boolean): SyncPosition {
    if (!everything) return { full: false };
    if (!this.takes.parts) return { full: index === 0 };
    return { full: true, part: index + 1, more: !last };
  }

  private sizeOf(job: Job): number {
    return Buffer.byteLength(JSON.stringify(wireOperation(job, this.probe))) + 1;
  }

  /** @returns reasons by operation id; undefined when the probe did not answer, or not in a way that we understand */
  private async sync(jobs: readonly Job[], position: SyncPosition): Promise<Map<string, string> | undefined> {
    this.revision += 1;
    const operations = jobs
      .map((job) => wireOperation(job, this.probe))
      .filter((each) => !this.stopped.has(each.operation_id));
    const message = { revision: this.revision, ...position, operations, stopped: [] };
    try {
      const answer = await this.socket.timeout(ACKNOWLEDGE_MS).emitWithAck('sync', message);
      const parsed = syncAnswer.safeParse(answer);
      if (!parsed.success) return undefined;
      return new Map(parsed.data.refused.map(({ operation_id, reason }) => [operation_id, reason]));
    } catch {
      return undefined;
    }
  }
}

function outcomeOf(reason: string | undefined): DeliveryAnswer {
  return reason === undefined ? { outcome: 'accepted' } : { outcome: 'refused', reason };
}

function wireOperation(job: Job, probe: ObjectId): Operation {
  return {
    operation_id: job.operation.toHexString(),
    kind: job.kind,
    params: job.params,
    schedule: toProbeSchedule(job.schedule, spreadOffsetMs(job.schedule, probe)),
    cost_per_run: job.costPerRun,
  };
}
