import { io, type Socket } from 'socket.io-client';
import { Refused } from './native-probe.js';
import { until } from './until.js';

export interface Measurement extends Record<string, unknown> {
  type: string;
  target: string;
  timeout: number;
  inProgressUpdates: boolean;
}

export interface Request {
  measurementId: string;
  testId: string;
  measurement: Measurement;
}

export interface FakeOptions {
  /** of the handshake; undefined leaves one out */
  query?: Record<string, string | undefined>;
  /** said at once, as after a reconnection; absent: it stays silent */
  status?: string;
  /** what comes of a request; undefined: nothing, ever */
  answer?: (request: Request) => unknown;
  /** whether it acknowledges a request */
  acknowledges?: (request: Request) => boolean;
}

const QUERY = {
  ...{ version: '0.50.2', nodeVersion: 'v20.20.2', uuid: '5f4dcc3b-5aa7-65d6-1d83-27deb882cf99' },
  ...{ totalMemory: '1000', totalDiskSize: '1000', availableDiskSpace: '1000', isHardware: 'undefined' },
  ...{ hardwareDevice: 'undefined', hardwareDeviceFirmware: 'undefined' },
};

/** How long it waits after a refusal; the real one: 2 s. */
const AGAIN_MS = 200;

/** What a ping of three packets brings (probe 0.50.2). */
export const PING = {
  status: 'finished',
  rawOutput:
    'PING example.org (93.184.216.34) 56(84) bytes of data.\n64 bytes from 93.184.216.34: time=1.20 ms',
  resolvedAddress: '93.184.216.34',
  resolvedHostname: 'example.org',
  timings: [
    { ttl: 56, rtt: 1.2 },
    { ttl: 56, rtt: 2.5 },
  ],
  stats: { min: 1.2, avg: 1.85, max: 2.5, total: 3, rcv: 2, drop: 1, loss: 33.33 },
  more: { kept: true },
};

/** A Globalping probe by its contract that measures nothing: it begins a test when its acknowledgement is called back. */
export class FakeGlobalpingProbe {
  readonly requests: Request[] = [];
  /** tests that it has begun */
  readonly begun: Request[] = [];
  readonly told: [string, unknown][] = [];
  ended: string | undefined;
  private isOver = false;

  private constructor(
    readonly socket: Socket,
    { status = 'ready', answer = () => PING, acknowledges = () => true }: FakeOptions,
  ) {
    socket.onAny((event: string, message: unknown) => this.told.push([event, message]));
    socket.on('connect', () => {
      socket.emit('probe:status:update', status);
      socket.emit('probe:isIPv4Supported:update', true);
      socket.emit('probe:dns:update', ['private', '9.9.9.9']);
    });
    socket.on('disconnect', (reason: string) => (this.ended = reason));
    socket.on('probe:measurement:request', (request: Request) => {
      this.requests.push(request);
      if (!acknowledges(request)) return;
      socket.emit('probe:measurement:ack', null, (...none: unknown[]) => {
        if (none.length > 0) throw new Error('the callback has no arguments');
        this.begun.push(request);
        const result = answer(request);
        if (result !== undefined) this.result(request, result);
      });
    });
  }

  /** @param reconnects whether it comes back by itself, as the real one does */
  static async connect(
    url: string,
    token: string | undefined,
    options: FakeOptions = {},
    reconnects = false,
  ) {
    const query = { ...QUERY, adoptionToken: token, ...options.query };
    const socket = io(`${url}/probes`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: reconnects,
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
      query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    });
    const probe = new FakeGlobalpingProbe(socket, options);
    // the real one too: socket.io itself does not try again after a refusal, as of a server that has too much to do
    if (reconnects)
      socket.on('connect_error', () => {
        if (!socket.active && !probe.isOver) setTimeout(() => socket.connect(), AGAIN_MS).unref();
      });
    const connected = new Promise<void>((resolve) => {
      socket.once('connect', resolve);
    });
    const refusal = new Promise<never>((_, reject) => {
      socket.once('connect_error', (error: Error & { data?: { code: string; message: string } }) => {
        if (!reconnects) socket.close();
        reject(new Refused(error.message, error.data));
      });
    });
    await Promise.race([connected, refusal]);
    refusal.catch(() => undefined);
    return probe;
  }

  result({ measurementId, testId }: Request, result: unknown): void {
    this.socket.emit('probe:measurement:result', { measurementId, testId, result });
  }

  async asked(count = 1): Promise<Request[]> {
    return until(`${count} requests`, () => this.requests.length >= count && this.requests);
  }

  close(): void {
    this.isOver = true;
    this.socket.close();
  }
}
