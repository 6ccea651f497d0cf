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

/** The slot of the channel belongs to another node of the cluster. */
export class MovedError extends Error {
  constructor(
    readonly host: string,
    readonly port: number,
  ) {
    super(`the channel is at ${host}:${port}`);
  }
}

/** Two connections to one Redis: in the one that listens nothing else can be said. */
export class RedisPair {
  /** Rejects when one of the two is lost, and says why; never resolves. */
  readonly lost: Promise<never>;
  /** sharded pub/sub (Redis 7) stays on one shard of a cluster; without it every node would hear every message */
  sharded = false;
  private readonly speaking: Redis;
  private readonly listening: Redis;
  private why: string | undefined;

  /** @param trial a message that harms nobody */
  constructor(
    url: string,
    private readonly channel: string,
    private readonly trial: string,
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
    for (const event of ['messageBuffer', 'smessageBuffer']) {
      this.listening.on(event, (_channel: Buffer, raw: Buffer) => {
        receive(raw);
      });
    }
  }

  async open(): Promise<void> {
    const opened = Promise.all([this.speaking.connect(), this.listening.connect()]).then(() =>
      this.subscribe(),
    );
    try {
      await Promise.race([opened, this.lost]);
    } catch (error) {
      // a command that was under way says only that the connection was closed
      if (this.why === undefined || error instanceof MovedError) throw error;
      throw new Error(this.why, { cause: error });
    }
  }

  /** @returns when Redis has taken it; rejects when that will never be known */
  async publish(message: string): Promise<void> {
    if (this.sharded) await this.speaking.spublish(this.channel, message);
    else await this.speaking.publish(this.channel, message);
  }

  close(): void {
    this.speaking.disconnect();
    this.listening.disconnect();
  }

  /** All servers of a platform use one Redis, so all find the same. */
  private async subscribe(): Promise<void> {
    this.sharded = await this.canShard();
    if (this.sharded) await this.listening.ssubscribe(this.channel);
    else await this.listening.subscribe(this.channel);
  }

  /** By trying to speak: a subscription that belongs to another node is not answered at all by this client. */
  private async canShard(): Promise<boolean> {
    try {
      await this.speaking.spublish(this.channel, this.trial);
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      const [, host, port] = /^MOVED \d+ (\S+):(\d+)/.exec(message) ?? [];
      if (host !== undefined) throw new MovedError(host, Number(port));
      if (/unknown command|NOPERM/i.test(message)) return false;
      throw error;
    }
  }
}
