import { io, type Socket } from 'socket.io-client';
import { until } from './until.js';

type Event = [string, Record<string, unknown>];

/** Somebody who watches live events over Socket.IO. */
export class Watcher {
  readonly events: Event[] = [];

  private constructor(readonly socket: Socket) {
    socket.onAny((name: string, data: Record<string, unknown>) => this.events.push([name, data]));
  }

  /** @throws Error when the token is no good */
  static async connect(url: string, token: unknown): Promise<Watcher> {
    const socket = io(`${url}/live`, {
      auth: { token },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    const watcher = new Watcher(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return watcher;
  }

  ask(event: string, message: unknown): Promise<{ ok?: boolean; error?: { code: string } }> {
    return this.socket.timeout(60_000).emitWithAck(event, message) as Promise<{ ok?: boolean }>;
  }

  async event(name: string, matches: (data: Record<string, unknown>) => boolean = () => true) {
    return until(
      `the event ${name}`,
      () => this.events.find(([each, data]) => each === name && matches(data))?.[1],
    );
  }

  close(): void {
    this.socket.close();
  }
}

/** Somebody who watches an operation by server-sent events. */
export class Listener {
  text = '';
  ended = false;
  private readonly abort = new AbortController();

  private constructor() {
    // made by open()
  }

  static async open(url: string, token: string | undefined, operation: string): Promise<Listener> {
    const listener = new Listener();
    const response = await fetch(`${url}/api/v1/operations/${operation}/events`, {
      headers: { authorization: `Bearer ${token ?? ''}` },
      signal: listener.abort.signal,
    });
    void listener.read(response);
    return listener;
  }

  /** The data of the events of this name so far. */
  events(name: string): Record<string, unknown>[] {
    const found = this.text.matchAll(new RegExp(`event: ${name}\\n(?:id: .*\\n)?data: (.*)\\n`, 'g'));
    return [...found].map(([, data]) => JSON.parse(data ?? '') as Record<string, unknown>);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(response: Response): Promise<void> {
    try {
      for await (const chunk of response.body ?? []) this.text += Buffer.from(chunk as Uint8Array).toString();
    } catch {
      // hung up, by one side or the other
    }
    this.ended = true;
  }
}

/** Reads server-sent events as a browser does, hangs up again and again, and comes back with the last id, to any of the servers. */
export class ReturningListener {
  /** ids of results, as they came */
  readonly results: string[] = [];
  readonly lost: string[] = [];
  cuts = 0;
  private last: string | undefined;
  private isClosed = false;

  /** @param urlOf the server to go to, each time anew. @param mayTake how many events it takes before it hangs up */
  constructor(
    private readonly urlOf: () => string,
    private readonly token: string | undefined,
    private readonly operation: string,
    private readonly mayTake: () => number,
  ) {}

  /** Resolves when it is closed. @param ready is called when the first connection has told where it begins */
  async listen(ready: () => void = () => undefined): Promise<void> {
    while (!this.isClosed) {
      const abort = new AbortController();
      try {
        const response = await fetch(`${this.urlOf()}/api/v1/operations/${this.operation}/events`, {
          headers: {
            authorization: `Bearer ${this.token ?? ''}`,
            ...(this.last !== undefined && { 'last-event-id': this.last }),
          },
          signal: abort.signal,
        });
        await this.take(response, ready);
      } catch {
        // the server was killed, or is not there yet
      }
      abort.abort();
      this.cuts += 1;
    }
  }

  close(): void {
    this.isClosed = true;
  }

  private async take(response: Response, ready: () => void): Promise<void> {
    let left = this.mayTake();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const members = new Map(
          event.split('\n').map((line) => [line.split(': ')[0], line.replace(/^\w+: /, '')]),
        );
        this.last = members.get('id') ?? this.last;
        ready();
        const data = JSON.parse(members.get('data') ?? '{}') as Record<string, string>;
        if (members.get('event') === 'result') this.results.push(data['result_id'] ?? '');
        if (members.get('event') === 'lost') this.lost.push(data['detail'] ?? '');
        if ((left -= 1) <= 0 || this.isClosed) return;
      }
    }
  }
}
