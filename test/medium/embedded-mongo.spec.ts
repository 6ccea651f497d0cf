import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import {
  findRunningEmbeddedMongo,
  startEmbeddedMongo,
  type EmbeddedMongo,
  type EmbeddedMongoOptions,
} from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { testMongoOptions } from '../support/mongod.js';
import { ServerProcesses } from './embedded-child-process.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let servers: ServerProcesses;
let dataDir: string;
let running: EmbeddedMongo[] = [];

beforeAll(async () => {
  servers = await ServerProcesses.compile();
});
afterAll(() => servers.dispose());
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pladmed-mongo-'));
});
afterEach(async () => {
  await Promise.all(running.map((mongo) => mongo.stop()));
  running = [];
  await rm(dataDir, { recursive: true, force: true });
});

async function start(overrides: Partial<EmbeddedMongoOptions> = {}): Promise<EmbeddedMongo> {
  const mongo = await startEmbeddedMongo({ ...testMongoOptions(), log: quiet, dataDir, ...overrides });
  running.push(mongo);
  return mongo;
}

async function withClient<T>(
  uri: string,
  use: (client: InstanceType<typeof mongoose.mongo.MongoClient>) => Promise<T>,
): Promise<T> {
  const client = new mongoose.mongo.MongoClient(uri);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const insert = (uri: string, name: string): Promise<unknown> =>
  withClient(uri, (client) =>
    client.withSession((session) =>
      session.withTransaction(() => client.db().collection('things').insertOne({ name }, { session })),
    ),
  );

const names = (uri: string): Promise<string[]> =>
  withClient(uri, async (client) => {
    const things = await client
      .db()
      .collection<{ name: string }>('things')
      .find()
      .sort({ name: 1 })
      .toArray();
    return things.map((thing) => thing.name);
  });

describe('the embedded database', () => {
  it('takes transactions, and keeps data and port over a clean stop', async () => {
    const first = await start();
    await insert(first.uri, 'a');
    await first.stop();
    const second = await start();
    await insert(second.uri, 'b');
    expect(await names(second.uri)).toEqual(['a', 'b']);
    expect(new URL(second.portUri).searchParams.get('replicaSet')).toBe('pladmed');
    expect(second.portUri).toBe(first.portUri);
    expect(await names(second.portUri)).toEqual(['a', 'b']);
  });

  it('is reached by a socket that its user alone may use, and of which a kill leaves nothing to the next start', async () => {
    const first = await start();
    const folder = join(dataDir, 'sockets');
    const socket = join(folder, `mongodb-${new URL(first.portUri).port}.sock`);
    expect(first.uri).toContain(encodeURIComponent(await realpath(socket)));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    await writeFile(join(folder, 'mongodb-1.sock'), 'left behind');
    const second = await start();
    await insert(second.uri, 'a');
    expect(await readdir(folder)).toEqual([`mongodb-${new URL(second.portUri).port}.sock`]);
  });

  it('is reached by its port where the name of a socket would be too long', async () => {
    const long = join(dataDir, 'x'.repeat(100));
    const mongo = await start({ dataDir: long });
    expect(mongo.uri).toBe(mongo.portUri);
    await insert(mongo.uri, 'a');
    expect(await findRunningEmbeddedMongo(long)).toEqual({ uri: mongo.uri, pid: mongo.pid });
  });

  it('moves to another port when its own is taken, and still is its own replica set', async () => {
    const first = await start();
    await insert(first.uri, 'a');
    await first.stop();
    const squatter = createServer((socket) => socket.destroy());
    squatter.listen(Number(new URL(first.portUri).port), '127.0.0.1');
    await once(squatter, 'listening');
    const second = await start();
    expect(second.uri).not.toBe(first.uri);
    expect(await names(second.uri)).toEqual(['a']);
    squatter.close();
  });

  it('tells when mongod is killed, and the next start has everything that was acknowledged', async () => {
    const first = await start();
    await insert(first.uri, 'a');
    const why = new Promise<string>((resolve) => {
      first.onUnexpectedExit(resolve);
    });
    process.kill(first.pid, 'SIGKILL');
    expect(await why).toContain('mongod ended by SIGKILL');
    await first.stop();
    const second = await start();
    expect(await names(second.uri)).toEqual(['a']);
  });

  it('does not call a stop that was asked for unexpected', async () => {
    const mongo = await start();
    let told = false;
    mongo.onUnexpectedExit(() => {
      told = true;
    });
    await Promise.all([mongo.stop(), mongo.stop()]);
    expect(told).toBe(false);
  });

  it.each(['running', 'frozen', 'killed'] as const)(
    'takes over from a server killed with -9 whose mongod is %s',
    async (orphan) => {
      const killed = await servers.run('start', dataDir);
      await insert(killed.answer.uri!, 'a');
      await killed.end('SIGKILL');
      const signal = { running: undefined, frozen: 'SIGSTOP', killed: 'SIGKILL' }[orphan];
      if (signal !== undefined) {
        process.kill(killed.answer.mongod!, signal);
      }
      const next = await start();
      expect(next.pid).not.toBe(killed.answer.mongod);
      expect(await names(next.uri)).toEqual(['a']);
    },
  );

  it('does not touch an innocent process that was given the number of the mongod', async () => {
    await start().then((mongo) => mongo.stop());
    await writeFile(join(dataDir, 'mongod.json'), JSON.stringify({ pid: process.pid, port: 1 }));
    await expect(start()).resolves.toBeDefined();
  });

  it('is refused to a second server, which says so; the first goes on', async () => {
    const first = await start();
    const second = await servers.run('start', dataDir);
    expect(second.answer.won).toBe(false);
    expect(second.answer.message).toContain(`in use by another Pladmed server (process ${process.pid}`);
    await insert(first.uri, 'a');
    expect(await names(first.uri)).toEqual(['a']);
  });

  it('is found by a command that works beside the server', async () => {
    expect(await findRunningEmbeddedMongo(dataDir)).toBeUndefined();
    const mongo = await start();
    expect(await findRunningEmbeddedMongo(dataDir)).toEqual({ uri: mongo.uri, pid: mongo.pid });
    await mongo.stop();
    expect(await findRunningEmbeddedMongo(dataDir)).toBeUndefined();
  });

  it('says what mongod said when it cannot start, and frees the directory', async () => {
    await start().then((mongo) => mongo.stop());
    await writeFile(join(dataDir, 'db', 'WiredTiger.turtle'), 'nonsense');
    await rm(join(dataDir, 'db', 'WiredTiger.wt'));
    await expect(start()).rejects.toThrow(/did not start: mongod ended [^]*The end of its log/);
    await rm(join(dataDir, 'db'), { recursive: true });
    await expect(start()).resolves.toBeDefined();
  });

  it('gives up after the deadline with a sentence, and ends the mongod that was not ready', async () => {
    const pidFile = join(dataDir, 'pid');
    const mongodBinary = join(dataDir, 'mongod-that-hangs');
    const script = `#!/bin/sh\n[ "$1" = --version ] && { echo "db version v6.0.5"; exit; }\necho $$ > ${pidFile}\nexec sleep 600\n`;
    await writeFile(mongodBinary, script);
    await chmod(mongodBinary, 0o755);
    await expect(start({ mongodBinary, readyTimeoutMs: 500 })).rejects.toThrow(
      'The embedded database was not ready within 0.5 s and was stopped.',
    );
    const pid = Number(await readFile(pidFile, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
