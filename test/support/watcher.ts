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
    const found = this.text.matchAll(new RegExp(`event: ${name}\\n(?:id: \\d+\\n)?data: (.*)\\n`, 'g'));
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
