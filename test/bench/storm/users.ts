import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface UserFigures {
  request: string;
  requests: number;
  failed: number;
  p50: number;
  p99: number;
  worst: number;
}

export interface UserRequest {
  name: string;
  send: () => Promise<unknown>;
}

interface Tally {
  ms: number[];
  failed: number;
  lastError?: unknown;
}

/** Users who go on working while something else happens: each request again and again, whether the one before was answered or not. */
export class Users {
  private readonly times = new Map<string, Tally>();
  private readonly pending = new Set<Promise<void>>();
  private readonly delay = monitorEventLoopDelay({ resolution: 5 });
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly everyMs: number,
    private readonly requests: readonly UserRequest[],
  ) {}

  begin(): void {
    this.times.clear();
    this.delay.reset();
    this.delay.enable();
    this.timer = setInterval(() => {
      for (const request of this.requests) this.ask(request);
    }, this.everyMs);
  }

  /** @returns when all were answered; and how late this process was itself, at worst */
  async end(): Promise<{ figures: UserFigures[]; ownDelayMs: number }> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    this.delay.disable();
    const figures = [...this.times].map(([request, { ms, failed, lastError }]) => {
      if (lastError !== undefined) console.error(`${request} failed, for example:`, lastError);
      ms.sort((a, b) => a - b);
      const at = (share: number) => Math.round(ms[Math.floor(share * ms.length)] ?? ms.at(-1) ?? 0);
      return { request, requests: ms.length, failed, p50: at(0.5), p99: at(0.99), worst: at(1) };
    });
    return { figures, ownDelayMs: this.delay.max / 1e6 };
  }

  private ask({ name, send }: UserRequest): void {
    const tally: Tally = this.times.get(name) ?? { ms: [], failed: 0 };
    this.times.set(name, tally);
    const asked = performance.now();
    const answered = send()
      .catch((error: unknown) => {
        tally.failed += 1;
        tally.lastError = error;
      })
      .then(() => {
        tally.ms.push(performance.now() - asked);
        this.pending.delete(answered);
      });
    this.pending.add(answered);
  }
}
