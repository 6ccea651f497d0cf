import { io, type Socket } from 'socket.io-client';
import type { ResultMessage } from './classic-factories.js';
import type { Job } from './classic-types.js';
import { until } from './until.js';

export interface ProbeOptions {
  totalCredits?: number;
  inUseCredits?: number;
  /** Instead of the two headers of fielded probes. */
  headers?: Record<string, string>;
  transport?: 'websocket' | 'polling';
  reconnection?: boolean;
  /** false: jobs are taken, and never acknowledged. */
  acknowledges?: boolean;
}

/** What a probe was sent, in order of arrival. */
export interface ReceivedJob {
  event: string;
  job: Job;
  /** How many arguments the event had beside its acknowledgement. */
  args: number;
}

/** Connects as probes in the field do: token in the query, headers with underscores, websocket only. */
export class FieldedProbe {
  readonly socket: Socket;
  readonly received: ReceivedJob[] = [];
  /** Messages of refusals. */
  readonly refusals: string[] = [];
  /** Reasons of disconnections. */
  readonly disconnects: string[] = [];
  identifier = '';

  constructor(
    url: string,
    readonly token: string | undefined,
    options: ProbeOptions = {},
  ) {
    const headers = options.headers ?? {
      total_credits: String(options.totalCredits ?? 1_000_000),
      in_use_credits: String(options.inUseCredits ?? 0),
    };
    this.socket = io(url, {
      forceNew: true,
      query: token === undefined ? {} : { token },
      extraHeaders: { Origin: 'https://elsewhere.example', ...headers },
      transports: [options.transport ?? 'websocket'],
      reconnection: options.reconnection ?? false,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
    });
    this.socket.on('connect_error', (error) => this.refusals.push(error.message));
    this.socket.on('disconnect', (reason) => this.disconnects.push(reason));
    for (const event of ['ping', 'traceroute', 'dns']) {
      this.socket.on(event, (...args: unknown[]) => {
        const acknowledge = args.at(-1);
        const acknowledged = typeof acknowledge === 'function';
        this.received.push({
          event,
          job: args[0] as Job,
          args: acknowledged ? args.length - 1 : args.length,
        });
        if (acknowledged && options.acknowledges !== false) (acknowledge as () => void)();
      });
    }
  }

  /** @throws Error when it is refused */
  async connected(): Promise<void> {
    await until('the probe is connected', () => {
      const [refusal] = this.refusals;
      if (refusal !== undefined && !this.socket.active) throw new Error(refusal);
      return this.socket.connected;
    });
  }

  /** @returns the message of the refusal */
  async refused(): Promise<string> {
    return until('the probe is refused', () => this.refusals[0]);
  }

  /** The job of an operation, as soon as it is here. */
  async job(operationId: string): Promise<ReceivedJob> {
    return until(`the probe gets operation ${operationId}`, () => this.jobsOf(operationId)[0]);
  }

  jobsOf(operationId: string): ReceivedJob[] {
    return this.received.filter(({ job }) => job._id === operationId);
  }

  /** @returns all arguments of the acknowledgement */
  async send(event: string, message: unknown): Promise<unknown[]> {
    return new Promise((resolve) => {
      this.socket.emit(event, message, (...answer: unknown[]) => {
        resolve(answer);
      });
    });
  }

  async deliver(result: ResultMessage): Promise<unknown[]> {
    return this.send('results', result);
  }

  close(): void {
    this.socket.disconnect();
  }
}
