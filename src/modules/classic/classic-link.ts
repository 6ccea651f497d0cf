import { type Socket } from 'socket.io';
import { type ObjectId } from '../../common/database/object-id.js';
import { KINDS, isKindName } from '../operations/kinds/index.js';
import { InvalidParamsError } from '../operations/kinds/invalid-params.error.js';
import { toClassicTimes } from '../operations/schedule/classic-times.js';
import { type DeliveryAnswer, type Job, type ProbeLink } from '../probes/connected-probes.js';
import { type OpenConnection } from '../probes/probe-connections.service.js';
import { type ClassicJob, type ClassicProbeToServer, type ServerToClassicProbe } from './classic.protocol.js';

/** A fielded probe acknowledges when its handler has run; its crontab is slow. */
const ACKNOWLEDGE_MS = 60_000;

export type ClassicSocket = Socket<
  ClassicProbeToServer,
  ServerToClassicProbe,
  Record<string, never>,
  { open?: OpenConnection }
>;

/** A fielded probe: jobs go out one event each, named after their kind, and never twice. */
export class ClassicLink implements ProbeLink {
  readonly protocol = 'classic';
  readonly probe: ObjectId;
  readonly session: ObjectId;

  constructor(
    private readonly socket: ClassicSocket,
    { probe, session }: OpenConnection,
  ) {
    this.probe = probe._id;
    this.session = session;
  }

  async deliver(jobs: readonly Job[]): Promise<DeliveryAnswer[]> {
    return Promise.all(jobs.map((job) => this.deliverOne(job)));
  }

  /** Fielded probes cannot be told: they go on until the operation's stop time. */
  stop(): void {
    return;
  }

  /** They come back by themselves, every 5 s. */
  askToReconnect(): void {
    return;
  }

  close(): void {
    this.socket.disconnect(true);
  }

  private async deliverOne(job: Job): Promise<DeliveryAnswer> {
    const worded = classicJob(job);
    if (typeof worded === 'string') return { outcome: 'refused', reason: worded };
    if (!this.socket.connected) return { outcome: 'unsent' };
    try {
      await this.socket.timeout(ACKNOWLEDGE_MS).emitWithAck(job.kind as keyof ServerToClassicProbe, worded);
      return { outcome: 'accepted' };
    } catch {
      return { outcome: 'silent' };
    }
  }
}

/** @returns the job in the contract's words, or why it cannot be said in them */
function classicJob(job: Job): ClassicJob | string {
  if (job.schedule.type !== 'cron') return 'a classic probe knows cron schedules only';
  const kind = isKindName(job.kind) ? KINDS[job.kind] : undefined;
  if (kind?.classicParamsClass === undefined) return `a classic probe does not know ${job.kind}`;
  try {
    const { wire } = kind.check(job.params, 'classic');
    // one that was left out would change what is measured
    const unknown = Object.keys(job.params).find((name) => !Object.hasOwn(wire, name));
    if (unknown !== undefined) return `a classic probe does not know params.${unknown}`;
    return {
      _id: job.operation.toHexString(),
      params: { ...wire, ...toClassicTimes(job.schedule) },
      results: [],
      credits: job.costPerRun,
      result_format: job.resultFormat,
    };
  } catch (error) {
    if (error instanceof InvalidParamsError) return `a classic probe does not know this: ${error.message}`;
    throw error;
  }
}
