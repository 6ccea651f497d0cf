import { WebSocket } from 'ws';

/** How a client of the field behaves: when it gives up waiting, and when it comes back. */
interface Habits {
  /** waits so long for the websocket, then for its namespace */
  openMs: number;
  joinMs: number;
  /** @param attempt 0 after the first failure */
  retryMs: (attempt: number) => number;
}

/** python-socketio 5: 5 s for a websocket, 1 s for a namespace, again every 5 s. */
const CLASSIC: Habits = { openMs: 5000, joinMs: 1000, retryMs: () => 5000 };
/** probe/src/connection/connection.ts, and the time limit of socket.io-client. */
const NATIVE: Habits = {
  openMs: 20_000,
  joinMs: 600_000,
  retryMs: (attempt) => Math.min(60_000, 1000 * 2 ** Math.min(attempt, 10)) * (1 + Math.random() / 2),
};

const STATUS = JSON.stringify([
  'status',
  {
    backlog: { results: 0, bytes: 0 },
    running: 0,
    in_use_credits: 2,
    clock: { offset_ms: 0, error_ms: 1, source: 'ntp', age_s: 1 },
  },
]);

export interface ProbeEvents {
  /** it has all that it came for: its full sync, or, classic, its namespace */
  served(): void;
  /** its status was acknowledged */
  heard(): void;
  failed(why: string): void;
}

/**
 * A probe for a crowd: the few packets of Engine.IO and Socket.IO that it needs are written by hand, because thousands of
 * socket.io-clients would keep their own processor busy, and not the server's.
 */
export class StormProbe {
  private socket: WebSocket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private attempts = 0;
  /** who waits for an answer, by the number of what was sent; 0 is the status */
  private readonly waiting = new Map<number, (answer: string) => void>();
  private sent = 0;

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly isClassic: boolean,
    private readonly events: ProbeEvents,
  ) {}

  /** @param inMs from now */
  comeIn(inMs: number): void {
    this.attempts = 0;
    this.timer = setTimeout(() => {
      this.open();
    }, inMs);
  }

  /**
   * Sends a result of a native probe that is connected.
   * @param run when it was due
   * @param answered takes the server's answer as it comes
   */
  report(operation_id: string, run: string, content: Buffer, answered: (answer: string) => void): void {
    const { socket } = this;
    if (socket === undefined) throw new Error('the probe is not connected');
    this.sent += 1;
    this.waiting.set(this.sent, answered);
    const item = {
      ...{ operation_id, scheduled_at: run, started_at: run, duration_ms: 1, format: 'warts' },
      clock: { offset_ms: 0, error_ms: 1, source: 'ntp', age_s: 1 },
      content: { _placeholder: true, num: 0 },
    };
    socket.send(`451-/probe,${this.sent}${JSON.stringify(['results', [item]])}`);
    socket.send(content);
  }

  /** The network is gone: no good-bye. */
  cut(): void {
    clearTimeout(this.timer);
    this.forget()?.terminate();
  }

  /** The network is gone, and nobody tells the server: the old connection stands there until it is taken over. */
  fallSilent(): WebSocket | undefined {
    clearTimeout(this.timer);
    return this.forget();
  }

  private forget(): WebSocket | undefined {
    const { socket } = this;
    this.socket = undefined;
    socket?.removeAllListeners();
    socket?.on('error', () => undefined);
    return socket;
  }

  private get habits(): Habits {
    return this.isClassic ? CLASSIC : NATIVE;
  }

  private open(): void {
    const address = new URL('/socket.io/?EIO=4&transport=websocket', this.url.replace(/^http/, 'ws'));
    if (this.isClassic) address.searchParams.set('token', this.token);
    const socket = new WebSocket(address, {
      perMessageDeflate: false,
      ...(this.isClassic && { headers: { total_credits: '1000000', in_use_credits: '0' } }),
    });
    this.socket = socket;
    this.giveUpAfter(this.habits.openMs, 'no websocket in time');
    socket.on('message', (data: Buffer) => {
      this.read(socket, data.toString());
    });
    socket.on('error', (error) => {
      this.lose(error.message);
    });
    socket.on('close', () => {
      this.lose('closed');
    });
  }

  private read(socket: WebSocket, packet: string): void {
    const namespace = this.isClassic ? '' : '/probe,';
    if (packet === '2') socket.send('3');
    else if (packet.startsWith('0')) {
      this.giveUpAfter(this.habits.joinMs, 'no namespace in time');
      socket.send(this.isClassic ? '40' : `40/probe,${this.handshake()}`);
    } else if (packet.startsWith(`40${namespace}`)) {
      clearTimeout(this.timer);
      if (this.isClassic) this.events.served();
      else socket.send(`42/probe,0${STATUS}`);
    } else if (packet.startsWith(`42${namespace}`)) this.answer(socket, packet);
    else if (packet.startsWith('43')) this.hear(packet);
    else if (packet.startsWith('44')) this.lose(`refused: ${packet.slice(0, 100)}`);
  }

  private hear(packet: string): void {
    const number = Number(/^43(?:\/probe,)?(\d+)/.exec(packet)?.[1]);
    const answered = this.waiting.get(number);
    this.waiting.delete(number);
    if (answered === undefined) this.events.heard();
    else answered(packet);
  }

  private answer(socket: WebSocket, packet: string): void {
    const id = /^42(?:\/probe,)?(\d+)\["(\w+)"/.exec(packet);
    if (id?.[1] === undefined) return;
    socket.send(this.isClassic ? `43${id[1]}[]` : `43/probe,${id[1]}[{"refused":[]}]`);
    if (id[2] === 'sync' && packet.includes('"full":true')) this.events.served();
  }

  private handshake(): string {
    return JSON.stringify({
      token: this.token,
      protocol: 2,
      version: 'bench',
      capabilities: { kinds: ['ping', 'traceroute', 'dns'] },
    });
  }

  private giveUpAfter(ms: number, why: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.lose(why);
    }, ms);
  }

  private lose(why: string): void {
    if (this.socket === undefined) return;
    clearTimeout(this.timer);
    this.forget()?.terminate();
    this.events.failed(why);
    const wait = this.habits.retryMs(this.attempts);
    this.attempts += 1;
    this.timer = setTimeout(() => {
      this.open();
    }, wait);
  }
}
