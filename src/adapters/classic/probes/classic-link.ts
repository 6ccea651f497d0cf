import { setTimeout as delay } from 'node:timers/promises';
import { type Socket } from 'socket.io';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { inParts } from '../../../platform/batching/in-parts.js';
import { inClassicWords } from '../../../measurement/kinds/classic-words.js';
import { toClassicTimes } from '../../../measurement/schedule/classic-times.js';
import {
  type DeliveryAnswer,
  type Job,
  type OpenConnection,
  type ProbeLink,
} from '../../../core/presence/index.js';
import { CLASSIC, CLASSIC_CAPABILITIES } from './classic-capabilities.js';
import { type ClassicJob, type ClassicProbeToServer, type ServerToClassicProbe } from './classic.protocol.js';

/** A fielded probe acknowledges when its handler has run; its crontab is slow. */
const ACKNOWLEDGE_MS = 60_000;

/** So many jobs, or bytes of parameters, are handed to the socket before it has written them. */
const AT_ONCE = { items: 100, weight: 256 * 1024 };
const LOOK_AGAIN_MS = 20;

const ACCEPTED: DeliveryAnswer = { outcome: 'accepted' };
const SILENT: DeliveryAnswer = { outcome: 'silent' };

export type ClassicSocket = Socket<
  ClassicProbeToServer,
  ServerToClassicProbe,
  Record<string, never>,
  { open?: OpenConnection }
>;

/** A job in the contract's words, or why it cannot be said in them. */
interface Worded {
  message: ClassicJob | string;
  /** of its parameters */
  bytes: number;
}

/** An operation for a thousand probes is one job: it is checked and put in words once. */
const wordedJobs = new WeakMap<Job, Worded>();

/** A fielded probe: jobs go out one event each, named after their kind, and never twice. */
export class ClassicLink implements ProbeLink {
  readonly protocol = CLASSIC.label;
  readonly capabilities = CLASSIC_CAPABILITIES;
  readonly probe: ObjectId;
  readonly session: ObjectId;

  constructor(
    private readonly socket: ClassicSocket,
    { probe, session }: OpenConnection,
  ) {
    this.probe = probe._id;
    this.session = session;
  }

  /** As fast as the link takes them: thousands of jobs do not wait in the socket's memory, nor run out of time there. */
  async *deliver(jobs: readonly Job[]): AsyncGenerator<DeliveryAnswer[], void> {
    const answers: Promise<DeliveryAnswer[]>[] = [];
    for (const part of inParts(jobs, (job) => worded(job).bytes, AT_ONCE)) {
      answers.push(Promise.all(part.map((job) => this.deliverOne(job))));
      await this.written();
    }
    for (const part of answers) yield await part;
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

  private async written(): Promise<void> {
    const { conn } = this.socket;
    while (this.socket.connected && !conn.transport.writable) {
      await delay(LOOK_AGAIN_MS, undefined, { ref: false });
    }
  }

  async deliverOne(job: Job): Promise<DeliveryAnswer> {
    const { message } = worded(job);
    if (typeof message === 'string') return { outcome: 'refused', reason: message, isUntold: true };
    if (!this.socket.connected) return { outcome: 'unsent' };
    const kind = job.kind as keyof ServerToClassicProbe;
    return new Promise((resolve) => {
      this.socket.timeout(ACKNOWLEDGE_MS).emit(kind, message, (late: Error | null) => {
        resolve(late === null ? ACCEPTED : SILENT);
      });
    });
  }
}

function worded(job: Job): Worded {
  const known = wordedJobs.get(job);
  if (known !== undefined) return known;
  const fresh = { message: classicJob(job), bytes: JSON.stringify(job.params).length };
  wordedJobs.set(job, fresh);
  return fresh;
}

function classicJob(job: Job): ClassicJob | string {
  const words = inClassicWords(job);
  if (typeof words === 'string') return words;
  return {
    _id: job.operation.toHexString(),
    params: { ...words.params, ...toClassicTimes(words.schedule) },
    results: [],
    credits: job.costPerRun,
    result_format: job.resultFormat,
  };
}
