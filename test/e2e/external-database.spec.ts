import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { findRunningEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { findMongod } from '../../src/platform/embedded-mongod/find-mongod.js';
import { freePort, runCommand, startServer, useDeliveredFiles } from '../support/server.js';
import { until } from '../support/until.js';

useDeliveredFiles();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('an external MongoDB', () => {
  let folder: string;
  let mongod: ChildProcess;
  let uri: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pladmed-standalone-'));
    const { path } = await findMongod({ dataDir: folder, log: silent });
    const port = await freePort();
    uri = `mongodb://127.0.0.1:${port}/pladmed`;
    // its socket too, which a mongod that is killed leaves behind
    const own = ['--dbpath', folder, '--unixSocketPrefix', folder];
    mongod = spawn(path, [...own, '--port', String(port), '--bind_ip', '127.0.0.1'], { stdio: 'ignore' });
    const client = new mongoose.mongo.MongoClient(uri, { serverSelectionTimeoutMS: 20_000 });
    await client.connect();
    await client.close();
  });

  afterAll(async () => {
    const ended = once(mongod, 'exit');
    mongod.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  it('that is no replica set is refused, with the way to make it one', async () => {
    const start = startServer({ MONGODB_URI: uri, SECRET_KEY: 'a secret of sixteen characters' });
    await expect(start).rejects.toThrow(
      /ended with 1[^]*no replica set[^]*--replSet rs0[^]*rs\.initiate\(\)/,
    );
  });

  it('that is not there is refused, with the variables to look at', async () => {
    const nobody = `mongodb://127.0.0.1:${await freePort()}/`;
    const start = startServer({ MONGODB_URI: nobody, SECRET_KEY: 'a secret of sixteen characters' });
    await expect(start).rejects.toThrow(/ended with 1[^]*cannot be reached[^]*MONGODB_URI or MONGO_HOST/);
  });
});

describe('the commands that are delivered', () => {
  it.each(['superuser', 'backup', 'restore'])('%s says how it is used', async (name) => {
    const { code, output } = await runCommand(name, [], {});
    expect(code).toBe(1);
    expect(output).toContain('usage: ');
  });
});

describe('a database that hangs', () => {
  it('makes the server not ready, and ready again when it goes on', async () => {
    const server = await startServer({ SECRET_KEY: 'a secret of sixteen characters' });
    const database = await findRunningEmbeddedMongo(server.dataDir);
    if (database === undefined) throw new Error('the server has no database of its own');
    const ready = async () =>
      (await fetch(`${server.url}/health/ready`, { signal: AbortSignal.timeout(40_000) })).status;
    try {
      expect(await ready()).toBe(200);
      process.kill(database.pid, 'SIGSTOP');
      // the driver's own limit is its socket's, which has a minute
      expect(await ready()).toBe(503);
      process.kill(database.pid, 'SIGCONT');
      await until('the database to answer', async () => (await ready()) === 200);
    } finally {
      process.kill(database.pid, 'SIGCONT');
      await server.stop();
    }
  });
});
