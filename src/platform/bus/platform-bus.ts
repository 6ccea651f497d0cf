import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type z } from 'zod';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { decodeMessage, encodeMessage, payloadsIn } from './bus-message.js';
import { RedisLink } from './redis-link.js';

/** Something that servers tell each other: a name, and what it must look like. */
export interface Topic<T> {
  name: string;
  schema: z.ZodType<T>;
}

interface Listener {
  schema: z.ZodType;
  hear: (payload: unknown) => void;
  wanted: () => boolean;
}

/** `off`: there is no REDIS_URL. */
export type BusState = 'off' | 'up' | 'down';

/** What became of payloads. `dropped`: could not be sent; `refused`: came, and was not what it should be. */
export type BusOutcome = 'sent' | 'dropped' | 'received' | 'refused';

const BEAT_TOPIC = 'beat';
/** A message is closed when it has this many characters. */
const MESSAGE_CHARACTERS = 256 * 1024;
const MAX_PAYLOAD_CHARACTERS = 1024 * 1024;
/** At boot nobody waits longer for Redis than this. */
const FIRST_LOOK_MS = 1500;

/**
 * How the servers of one platform tell each other what has just happened. Nothing rests on it: what is told stands in the
 * database, where each server finds it too, only later. So a message may be lost, and what cannot be sent is dropped and
 * counted. What comes is checked like what anybody sends: others may use the same Redis.
 */
@Injectable()
export class PlatformBus implements OnApplicationShutdown {
  private readonly logger = new Logger('bus');
  private readonly ownId = randomBytes(8).toString('hex');
  private readonly listeners = new Map<string, Listener>();
  private readonly waiting = new Map<string, string[]>();
  private readonly counts = new Map<string, Record<BusOutcome, number>>();
  private link: RedisLink | undefined;
  private flushing: NodeJS.Immediate | undefined;
  private refusalLogged = false;

  constructor(@Inject(ENV) private readonly env: Env) {}

  get state(): BusState {
    if (this.env.redisUrl === undefined) return 'off';
    return this.link?.isUp === true ? 'up' : 'down';
  }

  /**
   * Never fails: without Redis the server does its work, and Redis may come later.
   * @param platform the database's own name for itself: platforms that share a Redis do not hear each other
   */
  async start(platform: string): Promise<void> {
    const { redisUrl, mongoDatabase, secretKey } = this.env;
    if (redisUrl === undefined || this.link !== undefined) return;
    // a copy of a database has its platform's name too, but rarely its secret; and nobody can guess the channel
    const name = createHmac('sha256', secretKey)
      .update(`${platform} ${mongoDatabase}`)
      .digest('hex')
      .slice(0, 24);
    const looked = new AbortController();
    this.link = new RedisLink({
      url: redisUrl,
      channel: `pladmed:{${name}}`,
      beat: encodeMessage(this.ownId, BEAT_TOPIC, []),
      receive: (raw) => {
        this.receive(raw);
      },
      changed: (up, why) => {
        looked.abort();
        this.say(up, why);
      },
    });
    this.link.start();
    await delay(FIRST_LOOK_MS, undefined, { signal: looked.signal }).catch(() => undefined);
  }

  /**
   * One listener for each topic.
   * @param wanted asked before a message is read: false spares the work
   */
  listen<T>(topic: Topic<T>, hear: (payload: T) => void, wanted: () => boolean = () => true): void {
    this.listeners.set(topic.name, {
      schema: topic.schema,
      hear: hear as (payload: unknown) => void,
      wanted,
    });
  }

  /** To all other servers, soon; or not at all. */
  send<T>(topic: Topic<T>, payload: T): void {
    if (this.link === undefined) return;
    const text = JSON.stringify(payload);
    if (!this.link.isUp || text.length > MAX_PAYLOAD_CHARACTERS) {
      this.count(topic.name, 'dropped', 1);
      return;
    }
    const waiting = this.waiting.get(topic.name);
    if (waiting === undefined) this.waiting.set(topic.name, [text]);
    else waiting.push(text);
    // what happens in one turn of the loop goes out together
    this.flushing ??= setImmediate(() => {
      this.flush();
    });
  }

  /** By topic, since the start. */
  tallies(): ReadonlyMap<string, Readonly<Record<BusOutcome, number>>> {
    return this.counts;
  }

  async onApplicationShutdown(): Promise<void> {
    this.flush();
    // what was said in the last moment is on its way before the connection is closed
    await new Promise(setImmediate);
    await this.link?.stop();
  }

  private flush(): void {
    clearImmediate(this.flushing);
    this.flushing = undefined;
    for (const [topic, payloads] of this.waiting) {
      this.waiting.delete(topic);
      for (const part of parts(payloads)) this.publish(topic, part);
    }
  }

  private publish(topic: string, payloads: string[]): void {
    const sent = this.link?.publish(encodeMessage(this.ownId, topic, payloads)) ?? Promise.resolve(false);
    void sent.then((taken) => {
      this.count(topic, taken ? 'sent' : 'dropped', payloads.length);
    });
  }

  private receive(raw: Buffer): void {
    const message = decodeMessage(raw);
    if (message === undefined) {
      this.refuse('none', 1);
      return;
    }
    const listener = this.listeners.get(message.topic);
    if (message.sender === this.ownId || listener?.wanted() !== true) return;
    const payloads = payloadsIn(message.body);
    if (payloads === undefined) this.refuse(message.topic, 1);
    for (const payload of payloads ?? []) this.hand(message.topic, listener, payload);
  }

  private hand(topic: string, { schema, hear }: Listener, payload: unknown): void {
    const parsed = schema.safeParse(payload);
    if (!parsed.success) {
      this.refuse(topic, 1);
      return;
    }
    this.count(topic, 'received', 1);
    try {
      hear(parsed.data);
    } catch (error) {
      this.logger.error({ err: error, topic }, 'what another server said could not be used');
    }
  }

  /** Said once: whoever sends one bad message may send a million. The rest is in the metrics. */
  private refuse(topic: string, payloads: number): void {
    this.count(topic, 'refused', payloads);
    if (this.refusalLogged) return;
    this.refusalLogged = true;
    this.logger.warn(
      { topic },
      'something in our channel is no message of this version; see pladmed_bus_messages_total',
    );
  }

  private count(topic: string, outcome: BusOutcome, payloads: number): void {
    const tally = this.counts.get(topic) ?? { sent: 0, dropped: 0, received: 0, refused: 0 };
    tally[outcome] += payloads;
    this.counts.set(topic, tally);
  }

  private say(up: boolean, why?: string): void {
    if (up) this.logger.log('servers hear each other through Redis');
    else {
      this.logger.warn(
        { why },
        'Redis is away: operations still reach the probes of other servers, through the database; live events do not',
      );
    }
  }
}

/** Texts in order, in parts of a bounded length. */
function* parts(texts: readonly string[]): Generator<string[]> {
  let part: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (characters > 0 && characters + text.length > MESSAGE_CHARACTERS) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(text);
    characters += text.length;
  }
  if (part.length > 0) yield part;
}
