import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.js';
import { systemClock } from '../src/clock/clock.js';
import { readSettings } from '../src/config/config.js';
import { createLog } from '../src/platform/log.js';
import type { Operation } from '../src/protocol/protocol.js';
import { MOST_OPERATIONS } from '../src/reconcile.js';
import { RunJournal } from '../src/store/run-journal.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { operation } from './support/operations.js';

/** docs/protocol.md, `sync`: everything that a probe has to do may come in parts, and nothing is dropped before the last. */
describe('a full sync in parts', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let agent: Agent;

  beforeEach(async () => {
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-'));
    const options = {
      server: server.url,
      token: 'a.b.c',
      dataDir: folder,
      allow: '127.0.0.0/8',
      logLevel: 'error',
    };
    agent = await Agent.start(readSettings(options, {}), systemClock(), createLog('error'));
    await server.until(() => server.statuses.length > 0);
  });
  afterEach(async () => {
    await agent.stop();
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  const now = (): Operation =>
    operation({
      kind: 'dns',
      params: { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port },
    });
  const tomorrow = (): Operation =>
    operation({ schedule: { type: 'once', at: new Date(Date.now() + 86_400_000).toISOString() } });
  const part = (number: number, more: boolean, ...operations: Operation[]) =>
    server.sync({ full: true, part: number, more, operations, stopped: [] });
  const done = { refused: [] };

  /** What the probe has at its end. */
  async function known(): Promise<string[]> {
    await agent.stop();
    const [identity] = await readdir(folder);
    const runJournal = await RunJournal.open(join(folder, identity!));
    const ids = [...runJournal.operationIds()].sort();
    await runJournal.close();
    return ids;
  }
  const idsOf = (...operations: Operation[]) => operations.map(({ operation_id }) => operation_id).sort();

  test('says that it understands parts', () => {
    expect(server.handshakes[0]).toMatchObject({ sync_parts: true });
  });

  test('drops what was in none of them with the last, and nothing else', async () => {
    const [old, kept, fresh] = [tomorrow(), tomorrow(), tomorrow()];
    await server.assign(old, kept);
    expect(await part(1, true, fresh)).toEqual(done);
    expect(await part(2, false, kept)).toEqual(done);
    expect(await known()).toEqual(idsOf(kept, fresh));
  });

  test('does not do again, nor call missed, what a later part names', async () => {
    const [first, second, after] = [now(), now(), now()];
    await server.assign(first, second);
    await server.until(() => server.results.size === 2);
    await part(1, true, first);
    await part(2, false, second);
    await server.assign(after);
    await server.until(() => server.results.size === 3);
    expect([server.duplicates, server.failures.size]).toEqual([0, 0]);
  });

  test('drops nothing where the last part never comes', async () => {
    const [old, fresh] = [tomorrow(), tomorrow()];
    await server.assign(old);
    await part(1, true, fresh);
    // changes that come all the same are none of its parts
    await server.sync({ full: false, operations: [], stopped: [] });
    server.operations = [old, fresh];
    server.dropConnection();
    await server.until(() => server.handshakes.length === 2 && server.statuses.length === 2);
    expect(await known()).toEqual(idsOf(old, fresh));
  });

  test('keeps what is created between its parts, and drops what is stopped there', async () => {
    const [old, first, last, created] = [tomorrow(), tomorrow(), tomorrow(), tomorrow()];
    await server.assign(old);
    await part(1, true, first);
    await server.sync({ full: false, operations: [created], stopped: [] });
    await server.tell('stop', { operation_id: first.operation_id, reason: 'user' });
    await part(2, false, last);
    expect(await known()).toEqual(idsOf(created, last));
  });

  test('takes no part before the one that belongs in front of it, and begins anew with the first', async () => {
    const [old, first, second] = [tomorrow(), tomorrow(), tomorrow()];
    await server.assign(old);
    expect(await part(2, false, second)).toMatchObject({ error: { code: 'internal' } });
    expect(await part(1, true, first)).toEqual(done);
    expect(await part(3, false, second)).toMatchObject({ error: { code: 'internal' } });
    expect(await part(1, true, first)).toEqual(done);
    expect(await part(2, false, old)).toEqual(done);
    expect(await known()).toEqual(idsOf(first, old));
  });

  test('is one message from a server that knows no parts', async () => {
    const [old, fresh] = [tomorrow(), tomorrow()];
    await server.assign(old);
    expect(await server.sync({ full: true, operations: [fresh], stopped: [] })).toEqual(done);
    expect(await known()).toEqual(idsOf(fresh));
  });

  test('bounds what all parts bring together', async () => {
    const small = (): Operation => ({ ...tomorrow(), params: { ips: ['127.0.0.1'] } });
    const half = Array.from({ length: MOST_OPERATIONS / 2 }, small);
    expect(await part(1, true, ...half)).toEqual(done);
    expect(await part(2, true, ...Array.from({ length: MOST_OPERATIONS / 2 }, small))).toEqual(done);
    // the same again takes no room
    expect(await part(3, true, ...half)).toEqual(done);
    const answer = (await part(4, false, small())) as { refused: unknown[] };
    expect(answer.refused).toHaveLength(1);
  });

  test('forgets operations that are over where others need their room', async () => {
    const over = now();
    await server.assign(over);
    await server.until(() => server.results.size === 1);
    const many = Array.from({ length: MOST_OPERATIONS - 1 }, tomorrow);
    await server.sync({ full: false, operations: many, stopped: [] });
    const more = [tomorrow(), tomorrow()];
    expect(await server.sync({ full: false, operations: more, stopped: [] })).toEqual({
      refused: [{ operation_id: more[1]!.operation_id, reason: expect.any(String) }],
    });
  });
});
