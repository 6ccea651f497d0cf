import { Redis, type RedisOptions } from 'ioredis';

/** One attempt is one pair of clients: nothing waits in a queue for a Redis that comes back. */
const OPTIONS: RedisOptions = {
  lazyConnect: true,
  retryStrategy: () => null,
  enableReadyCheck: false,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  disableClientInfo: true,
  connectionName: 'pladmed',
  connectTimeout: 5000,
};

/** Two connections to one Redis: in the one that listens nothing else can be said. */
export class RedisPair {
  /** Rejects when one of the two is lost, and says why; never resolves. */
  readonly lost: Promise<never>;
  private readonly speaking: Redis;
  private readonly listening: Redis;
  private why: string | undefined;

  constructor(
    url: string,
    private readonly channel: string,
    receive: (raw: Buffer) => void,
  ) {
    this.speaking = new Redis(url, OPTIONS);
    this.listening = new Redis(url, OPTIONS);
    this.lost = new Promise((_resolve, reject) => {
      for (const client of [this.speaking, this.listening]) {
        client.on('error', (error: Error) => {
          this.why = error.message;
        });
        client.on('end', () => {
          reject(new Error(this.why ?? 'the connection was closed'));
        });
      }
    });
    // whoever waits for something else must not be told twice
    this.lost.catch(() => undefined);
    this.listening.on('messageBuffer', (_channel: Buffer, raw: Buffer) => {
      receive(raw);
    });
  }

  async open(): Promise<void> {
    const opened = Promise.all([this.speaking.connect(), this.listening.connect()]).then(() =>
      this.listening.subscribe(this.channel),
    );
    try {
      await Promise.race([opened, this.lost]);
    } catch (error) {
      // a command that was under way says only that the connection was closed
      if (this.why === undefined) throw error;
      throw new Error(this.why, { cause: error });
    }
  }

  /** @returns when Redis has taken it; rejects when that will never be known */
  async publish(message: string): Promise<void> {
    await this.speaking.publish(this.channel, message);
  }

  close(): void {
    this.speaking.disconnect();
    this.listening.disconnect();
  }
}
