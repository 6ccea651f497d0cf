import { type Socket } from 'socket.io';
import { type ObjectId } from '../../common/database/object-id.js';
import { type DeliveryAnswer, type Job, type ProbeLink } from '../probes/connected-probes.js';
import { type OpenConnection } from '../probes/probe-connections.service.js';
import { toProbeSchedule } from '../operations/schedule/schedule.js';
import { spreadOffsetMs } from '../operations/schedule/spread.js';
import { type ServerToProbe, type ProbeToServer, syncAnswer, type WireOperation } from './probe.protocol.js';

const ACKNOWLEDGE_MS = 15_000;
const REMEMBERED_STOPS = 10_000;

export type NativeSocket = Socket<
  ProbeToServer,
  ServerToProbe,
  Record<string, never>,
  { open?: OpenConnection }
>;

/** A native probe: jobs go out as `sync`. */
export class NativeLink implements ProbeLink {
  readonly protocol = 'native';
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

  constructor(
    private readonly socket: NativeSocket,
    { probe, session }: OpenConnection,
  ) {
    this.probe = probe._id;
    this.session = session;
    this.version = probe.connection?.version;
    this.expectEverything();
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

  async deliver(jobs: readonly Job[], everything: boolean): Promise<DeliveryAnswer[]> {
    if (!everything) await this.synced;
    const answer = this.sync(jobs, everything);
    if (everything) this.releaseSynced();
    const refused = await answer;
    return jobs.map(({ operation }): DeliveryAnswer => {
      if (refused === undefined) return { outcome: 'silent' };
      const reason = refused.get(operation.toHexString());
      return reason === undefined ? { outcome: 'accepted' } : { outcome: 'refused', reason };
    });
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

  /** @returns reasons by operation id; undefined when the probe did not answer, or not in a way that we understand */
  private async sync(jobs: readonly Job[], full: boolean): Promise<Map<string, string> | undefined> {
    this.revision += 1;
    const operations = jobs
      .map((job) => wireOperation(job, this.probe))
      .filter((each) => !this.stopped.has(each.operation_id));
    const message = { revision: this.revision, full, operations, stopped: [] };
    try {
      const answer = await this.socket.timeout(ACKNOWLEDGE_MS).emitWithAck('sync', message);
      const parsed = syncAnswer.safeParse(answer);
      if (!parsed.success) this.missed = true;
      return parsed.success
        ? new Map(parsed.data.refused.map(({ operation_id, reason }) => [operation_id, reason]))
        : undefined;
    } catch {
      this.missed = true;
      return undefined;
    }
  }
}

function wireOperation(job: Job, probe: ObjectId): WireOperation {
  return {
    operation_id: job.operation.toHexString(),
    kind: job.kind,
    params: job.params,
    schedule: toProbeSchedule(job.schedule, spreadOffsetMs(job.schedule, probe)),
    cost_per_run: job.costPerRun,
  };
}
