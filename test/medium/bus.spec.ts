import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { PlatformBus, type Topic } from '../../src/platform/bus/platform-bus.js';
import { parseEnv } from '../../src/config/env.js';
import { RedisServer, whyNoRedis } from '../support/redis.js';
import { freePort } from '../support/server.js';
import { until } from '../support/until.js';

const WORD: Topic<{ text: string }> = { name: 'word', schema: z.object({ text: z.string().max(5_000_000) }) };

class Peer {
  readonly heard: string[] = [];

  private constructor(readonly bus: PlatformBus) {
    bus.listen(WORD, ({ text }) => this.heard.push(text));
  }

  static async start(redisUrl: string, platform = 'one', more: Record<string, string> = {}): Promise<Peer> {
    const peer = new Peer(
      new PlatformBus(parseEnv({ SECRET_KEY: 'sixteen characters', REDIS_URL: redisUrl, ...more })),
    );
    peers.push(peer);
    await peer.bus.start(platform);
    return peer;
  }

  say(text: string): void {
    this.bus.send(WORD, { text });
  }

  count(outcome: 'sent' | 'dropped' | 'received' | 'refused', topic = 'word'): number {
    return this.bus.tallies().get(topic)?.[outcome] ?? 0;
  }

  async is(state: 'up' | 'down'): Promise<void> {
    await until(`the bus is ${state}`, () => this.bus.state === state, 30_000);
  }

  async hears(text: string): Promise<void> {
    await until(`hearing ${text}`, () => this.heard.includes(text));
  }
}

const SLOTS = 16_384;
const peers: Peer[] = [];
const missing = whyNoRedis();
if (missing !== undefined) console.warn(`the bus is not tested: ${missing}`);

(missing === undefined ? describe : describe.skip)('the bus', () => {
  let redis: RedisServer;
  let log: string[];

  beforeAll(async () => {
    const note = (fields: unknown, ...more: unknown[]) => log.push(JSON.stringify([fields, ...more]));
    log = [];
    Logger.overrideLogger({ log: note, warn: note, error: note });
    redis = await RedisServer.start();
  });
  beforeEach(() => {
    log = [];
  });
  afterEach(async () => {
    for (const { bus } of peers.splice(0)) await bus.onApplicationShutdown();
  });
  afterAll(async () => {
    Logger.overrideLogger(['error']);
    await redis.stop();
  });

  const saying = (text: string) => log.filter((line) => line.includes(text));

  it('brings what one says to the others, in order, once, and not to itself', async () => {
    const [a, b, c] = [await Peer.start(redis.url), await Peer.start(redis.url), await Peer.start(redis.url)];
    const words = Array.from({ length: 1000 }, (_, n) => `word ${n}`);
    for (const word of words) a.say(word);
    await Promise.all([b.hears('word 999'), c.hears('word 999')]);
    expect([a.heard, b.heard, c.heard]).toEqual([[], words, words]);
    expect([a.count('sent'), b.count('received')]).toEqual([1000, 1000]);
    expect(saying('servers hear each other')).toHaveLength(3);
  });

  it('keeps platforms apart: other databases, other names, other secrets', async () => {
    const one = await Peer.start(redis.url);
    const others = [
      await Peer.start(redis.url, 'another'),
      await Peer.start(redis.url, 'one', { MONGO_DATABASE: 'another' }),
      await Peer.start(redis.url, 'one', { SECRET_KEY: 'another secret key' }),
    ];
    const same = await Peer.start(redis.url);
    for (const other of others) other.say('from elsewhere');
    await until('all to be sent', () => others.every((other) => other.count('sent') === 1));
    one.say('from here');
    await same.hears('from here');
    expect([one.heard, same.heard, ...others.map(({ heard }) => heard)]).toEqual([
      [],
      ['from here'],
      [],
      [],
      [],
    ]);
  });

  it('crosses a cluster, whose nodes hand on what is published at any of them', async () => {
    const nodes = await cluster(3);
    try {
      const some = await Promise.all(nodes.map(({ url }) => Peer.start(url)));
      for (const peer of some) await peer.is('up');
      some[0]!.say('hello');
      await Promise.all([some[1]!.hears('hello'), some[2]!.hears('hello')]);
    } finally {
      for (const node of nodes) await node.stop();
    }
  });

  it('survives whatever others put into its channel, and says so once', async () => {
    const [a, b] = [await Peer.start(redis.url), await Peer.start(redis.url)];
    const client = new Redis(redis.url);
    const [channel] = (await client.call('PUBSUB', 'CHANNELS')) as string[];
    const sender = '0123456789abcdef';
    const hostile: (string | Buffer)[] = [
      '',
      'x',
      '\n',
      '{"uid":"x"}',
      Buffer.from([0xff, 0xfe, 0x0a, 0x00]),
      `pladmed0 ${sender} word\n[{"text":"old"}]`,
      `pladmed1 ${sender} word\n`,
      `pladmed1 ${sender} word\nnull`,
      `pladmed1 ${sender} word\n{"text":"x"}`,
      `pladmed1 ${sender} word\n[null,1,"x",[],{"text":{"$gt":""}},{"text":1},{}]`,
      `pladmed1 ${sender} word\n[{"__proto__":{"text":"x"}}]`,
      `pladmed1 ${sender} word\n${'['.repeat(100_000)}`,
      `pladmed1 ${sender} word\n[{"text":"${'x'.repeat(4 * 1024 * 1024)}"}]`,
      'y'.repeat(1_000_000),
    ];
    for (const message of hostile) await client.publish(channel!, message);
    // what no server of ours knows is nothing wrong: a newer one may say it
    for (const other of ['beat', 'constructor', 'newer']) {
      await client.publish(channel!, `pladmed1 ${sender} ${other}\n[{}]`);
    }
    a.say('still here');
    await b.hears('still here');
    expect(b.heard).toEqual(['still here']);
    expect([b.count('refused', 'none'), b.count('refused')]).toEqual([8, 12]);
    expect(saying('no message of this version')).toHaveLength(2); // one for each peer
    client.disconnect();
  });

  it('lets a listener fail without harm', async () => {
    const [a, b] = [await Peer.start(redis.url), await Peer.start(redis.url)];
    const fail: Topic<object> = { name: 'fail', schema: z.object({}) };
    b.bus.listen(fail, () => {
      throw new Error('on purpose');
    });
    a.bus.send(fail, {});
    a.say('after');
    await b.hears('after');
    expect(saying('on purpose')).toHaveLength(0);
    expect(saying('could not be used')).toHaveLength(1);
  });

  it('does not read what nobody wants', async () => {
    const [a, b] = [await Peer.start(redis.url), await Peer.start(redis.url)];
    const noise: Topic<object> = { name: 'noise', schema: z.object({}) };
    b.bus.listen(
      noise,
      () => undefined,
      () => false,
    );
    a.bus.send(noise, {});
    a.say('after');
    await b.hears('after');
    expect(b.count('received', 'noise')).toBe(0);
  });

  it('begins without Redis, drops and counts, and hears when it comes', async () => {
    const late = await RedisServer.notStarted();
    try {
      const [a, b] = [await Peer.start(late.url), await Peer.start(late.url)];
      expect(a.bus.state).toBe('down');
      for (let n = 0; n < 100; n += 1) a.say('lost');
      expect(a.count('dropped')).toBe(100);
      expect(saying('Redis is away')).toHaveLength(2);
      expect(saying('ECONNREFUSED')).toHaveLength(2);
      await late.run();
      await Promise.all([a.is('up'), b.is('up')]);
      a.say('found');
      await b.hears('found');
      expect(b.heard).toEqual(['found']);
    } finally {
      await late.stop();
    }
  });

  it('goes on when Redis is killed and comes back', async () => {
    const own = await RedisServer.start();
    try {
      const [a, b] = [await Peer.start(own.url), await Peer.start(own.url)];
      for (let round = 1; round <= 2; round += 1) {
        await own.kill();
        await Promise.all([a.is('down'), b.is('down')]);
        a.say('lost');
        await own.run();
        await Promise.all([a.is('up'), b.is('up')]);
        a.say(`round ${round}`);
        await b.hears(`round ${round}`);
        expect(saying('Redis is away')).toHaveLength(2 * round);
      }
      expect([a.count('dropped'), b.heard]).toEqual([2, ['round 1', 'round 2']]);
    } finally {
      await own.stop();
    }
  });

  it('notices a Redis that hangs, keeps nothing for it, and goes on when it wakes', async () => {
    const own = await RedisServer.start();
    try {
      const [a, b] = [await Peer.start(own.url), await Peer.start(own.url)];
      own.freeze();
      const long = 'x'.repeat(900_000);
      // 90 MB, of which some is taken before it is noticed; what waits is bounded all the same
      for (let n = 0; n < 100; n += 1) {
        a.say(long);
        await new Promise(setImmediate);
      }
      expect(a.count('dropped')).toBeGreaterThan(80);
      await Promise.all([a.is('down'), b.is('down')]);
      await until('what was under way is given up', () => a.count('dropped') + a.count('sent') === 100);
      a.say('lost');
      expect(saying('Redis is away')).toHaveLength(2);
      own.thaw();
      await Promise.all([a.is('up'), b.is('up')]);
      a.say('awake');
      await b.hears('awake');
      expect(b.heard.includes('lost')).toBe(false);
    } finally {
      own.thaw();
      await own.stop();
    }
  });

  it('begins while Redis hangs, does not wait for it long, and goes on when it wakes', async () => {
    const own = await RedisServer.start();
    try {
      own.freeze();
      const a = await Peer.start(own.url);
      expect(a.bus.state).toBe('down');
      await until('it is said', () => saying('Redis is away').length === 1);
      own.thaw();
      await a.is('up');
    } finally {
      own.thaw();
      await own.stop();
    }
  });

  it('says that a password is wrong, once, and not which', async () => {
    const own = await RedisServer.start('--requirepass', 'right-password');
    try {
      const withPassword = (password: string) => `redis://:${password}@127.0.0.1:${own.port}`;
      const wrong = await Peer.start(withPassword('wrong-password'));
      const none = await Peer.start(own.url);
      const right = await Peer.start(withPassword('right-password'));
      expect([wrong, none, right].map(({ bus }) => bus.state)).toEqual(['down', 'down', 'up']);
      const again = await Peer.start(withPassword('right-password'));
      right.say('hello');
      await again.hears('hello');
      expect(saying('Redis is away')).toHaveLength(2);
      expect([saying('WRONGPASS').length, saying('NOAUTH').length]).toEqual([1, 1]);
      expect(log.filter((line) => /(wrong|right)-password/.test(line))).toEqual([]);
    } finally {
      await own.stop();
    }
  });

  it('is nothing without REDIS_URL', async () => {
    const bus = new PlatformBus(parseEnv({ SECRET_KEY: 'sixteen characters' }));
    await bus.start('one');
    bus.send(WORD, { text: 'nobody' });
    expect([bus.state, bus.tallies().size]).toEqual(['off', 0]);
    await bus.onApplicationShutdown();
  });
});

/** Each node has a part of the slots. */
async function cluster(size: number): Promise<RedisServer[]> {
  const busPorts = await Promise.all(Array.from({ length: size }, () => freePort()));
  const nodes = await Promise.all(
    busPorts.map((port) => RedisServer.start('--cluster-enabled', 'yes', '--cluster-port', String(port))),
  );
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    for (const [n, client] of clients.entries()) {
      const [first, last] = [Math.ceil((n * SLOTS) / size), Math.ceil(((n + 1) * SLOTS) / size) - 1];
      await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
      if (n > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[0]!.port, busPorts[0]!);
    }
    for (const client of clients) {
      await until('the cluster stands', async () => {
        const info = String(await client.call('CLUSTER', 'INFO'));
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`);
      });
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
  return nodes;
}
