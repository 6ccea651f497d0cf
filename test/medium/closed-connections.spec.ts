import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { testMongo } from '../support/mongod.js';

const ROOT = new URL('../../', import.meta.url).pathname;

/**
 * Asks over connections that are closed at this moment: until the next turn of the loop the driver takes them for open. What is
 * asked may be repeated, so the driver does it over another one.
 */
const PROGRAM = `
  import '${ROOT}dist/platform/database/closed-connections.js';
  import { subscribe } from 'node:diagnostics_channel';
  import mongoose from 'mongoose';
  const sockets = new Set();
  subscribe('net.client.socket', ({ socket }) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const client = new mongoose.mongo.MongoClient(process.argv[1], { maxPoolSize: 1 });
  const things = client.db().collection('things');
  await things.insertOne({ round: 0 });
  let done = 0;
  for (let round = 1; round <= 20; round += 1) {
    for (const socket of sockets) socket.destroy();
    const found = await things.findOne();
    for (const socket of sockets) socket.destroy();
    const { modifiedCount } = await things.updateOne({}, { $set: { round } });
    if (found.round === round - 1 && modifiedCount === 1) done += 1;
  }
  console.log(done);
  await client.close();
`;

describe('a connection to MongoDB that is closed', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;

  beforeAll(async () => {
    mongo = await testMongo();
  });
  afterAll(() => mongo.stop());

  it('keeps nobody waiting who asks over it before the driver has heard of that', async () => {
    // as the build does it: tests have mongoose and its driver as a bundle of their own
    const program = [process.execPath, ['--input-type=module', '-e', PROGRAM, mongo.uri]] as const;
    const { stdout } = await promisify(execFile)(...program, { cwd: ROOT, timeout: 120_000 });
    expect(stdout.trim()).toBe('20');
  });
});
