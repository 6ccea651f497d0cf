import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../batching/within.js';
import { RedisPair } from './redis-pair.js';

/** How often we listen for ourselves: a Redis that hangs, or has lost our subscription, looks alive otherwise. */
const BEAT_MS = 1000;
const BEAT_LIMIT_MS = 2000;
const OPEN_LIMIT_MS = 5000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;
/** What Redis has not taken yet; beyond it nothing more is put into its queue. */
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;

export interface LinkOptions {
  url: string;
  channel: string;
  /** what is published now and then, and must come back */
  beat: string;
  /** Hears everything in the channel, own messages too, except beats. Must not throw. */
  receive: (raw: Buffer) => void;
  /** Hears of each change once; of the end with the reason. */
  changed: (up: boolean, why?: string) => void;
}

/** Keeps a connection to Redis for as long as there is one, whatever Redis does meanwhile; never throws, never waits for it. */
export class RedisLink {
  private pair: RedisPair | undefined;
  private readonly ending = new AbortController();
  private up: boolean | undefined;
  private inFlightBytes = 0;
  private heard: () => void = () => undefined;
  private working: Promise<void> | undefined;
  private readonly beat: Buffer;

  constructor(private readonly options: LinkOptions) {
    this.beat = Buffer.from(options.beat);
  }

  get isUp(): boolean {
    return this.up === true;
  }

  start(): void {
    this.working ??= this.keepUp();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    this.pair?.close();
    await this.working;
  }

  /** @returns undefined when it cannot be sent now; else whether Redis took it */
  publish(message: string): Promise<boolean> | undefined {
    const { pair } = this;
    // a character has a byte at least; that is near enough for a bound
    const bytes = message.length;
    if (!this.isUp || pair === undefined || this.inFlightBytes + bytes > MAX_IN_FLIGHT_BYTES)
      return undefined;
    this.inFlightBytes += bytes;
    return pair
      .publish(message)
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.inFlightBytes -= bytes;
      });
  }

  private async keepUp(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.ending.signal.aborted) {
      const began = this.up;
      try {
        await this.connection();
      } catch (error) {
        this.note(false, error instanceof Error ? error.message : String(error));
      }
      pause = began === false ? Math.min(2 * pause, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      await delay(pause, undefined, { signal: this.ending.signal }).catch(() => undefined);
    }
  }

  /** Ends by throwing, sooner or later. */
  private async connection(): Promise<never> {
    const pair = new RedisPair(this.options.url, this.options.channel, (raw) => {
      if (raw.equals(this.beat)) this.heard();
      else this.options.receive(raw);
    });
    this.pair = pair;
    try {
      await within(OPEN_LIMIT_MS, 'Redis accepts connections and does not answer', pair.open());
      for (;;) {
        await within(BEAT_LIMIT_MS, 'Redis does not answer', this.listenForOurselves(pair));
        this.note(true);
        await Promise.race([delay(BEAT_MS, undefined, { signal: this.ending.signal }), pair.lost]);
      }
    } finally {
      this.pair = undefined;
      pair.close();
    }
  }

  private async listenForOurselves(pair: RedisPair): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.heard = resolve;
    });
    await Promise.race([Promise.all([pair.publish(this.options.beat), heard]), pair.lost]);
  }

  private note(up: boolean, why?: string): void {
    if (this.up === up || this.ending.signal.aborted) return;
    this.up = up;
    this.options.changed(up, why);
  }
}
