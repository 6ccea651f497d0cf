import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Random } from '../../test/chaos/random.js';
import { until } from '../../test/support/until.js';
import { runningIn } from '../src/programs/leftovers.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

const root = join(import.meta.dirname, '..', '..');
const KILL_AT = new URL('support/kill-at.mjs', import.meta.url).href;
const OPERATIONS = 10;
const EVERY_S = 2;
/** Of each operation. */
const RUNS = 20;
/** So many at least, also on a machine where nothing is quick. */
const KILLS = 25;
/** Every so many batches, on average, one is not acknowledged and the connection is lost. */
const BATCHES_PER_LOSS = 5;
/** The same moments again: PROBE_KILL_SEED=n, of what a failed run has printed. */
const SEED = Number(process.env['PROBE_KILL_SEED'] ?? randomInt(2 ** 31));

/**
 * What happens to a run from its plan to the server's acknowledgement, as calls of the file system: `datasync` makes the record of the
 * begun run durable, `mkdtemp` makes its folder, `writeFile`, `sync` and `rename` bring the result into the store, `readFile` reads it
 * for the server, `unlink` removes it when the server has it. Those of low numbers are of the start-up.
 */
const CALLS = ['datasync', 'mkdtemp', 'writeFile', 'sync', 'rename', 'rm', 'readFile', 'unlink'] as const;
type Moment =
  | { at: 'call'; call: (typeof CALLS)[number]; when: 'before' | 'after'; times: number }
  | { at: 'question' | 'arrival' | 'acknowledgement'; times: number }
  | { at: 'time'; ms: number };

function draw(random: Random): Moment {
  const at = random.weighted({ call: 6, question: 1, arrival: 1, acknowledgement: 1, time: 2 });
  if (at === 'time') return { at, ms: random.whole(0, 2500) };
  if (at !== 'call') return { at, times: random.whole(1, 4) };
  const when = random.pick(['before', 'after'] as const);
  return { at, call: random.pick(CALLS), when, times: random.whole(1, 30) };
}

/** Whether scamper may open raw sockets here: then pings are among the runs. */
const hasScamper =
  spawnSync('scamper', ['-O', 'warts', '-o', '/dev/null', '-c', 'ping -c 1', '-i', '127.0.0.1']).status === 0;

describe('a probe that is killed at any moment', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let child: ChildProcess;

  beforeAll(async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-b', join(root, 'probe')]);
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await realpath(await mkdtemp(join(tmpdir(), 'probe-kill-')));
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  function start(killAt?: string): void {
    const cli = [join(root, 'probe/dist/cli.js'), '--server', server.url, '--data-dir', folder];
    child = spawn(process.execPath, [...(killAt === undefined ? [] : ['--import', KILL_AT]), ...cli], {
      env: {
        ...process.env,
        PLADMED_TOKEN: 'a.b.c',
        PLADMED_ALLOW: '127.0.0.0/8',
        PLADMED_LOG_LEVEL: 'error',
        ...(killAt === undefined ? {} : { KILL_AT: killAt }),
      },
      stdio: 'inherit',
    });
  }

  /** A life that ends at the drawn moment; one that does not come ends a while after the probe was there. */
  async function liveUntil(moment: Moment, random: Random): Promise<void> {
    const handshakes = server.handshakes.length;
    start(moment.at === 'call' ? `${moment.call}:${moment.when}:${moment.times}` : undefined);
    const life = child;
    const exited = once(life, 'exit');
    const kill = (): void => void life.kill('SIGKILL');
    const countdown = (times: number) => (): void => {
      if (--times === 0) kill();
    };
    if (moment.at === 'question') resolver.onQuestion = countdown(moment.times);
    if (moment.at === 'arrival') onArrival = countdown(moment.times);
    if (moment.at === 'acknowledgement') server.onAcknowledged = countdown(moment.times);
    const lifetime = random.whole(1500, 4000);
    if (moment.at === 'time') setTimeout(kill, moment.ms);
    void server.until(() => server.handshakes.length > handshakes).then(() => setTimeout(kill, lifetime));
    await exited;
    resolver.onQuestion = onArrival = server.onAcknowledged = () => undefined;
  }

  let onArrival = (): void => undefined;

  test('has each of 200 runs there once, or explained', async () => {
    console.log(`PROBE_KILL_SEED=${SEED}${hasScamper ? '' : '; without pings: scamper may not send here'}`);
    const random = new Random(SEED);
    const losses = random.branch('losses');
    // Now and then an acknowledgement is lost as well.
    let batches = 0;
    server.answer = () => {
      // The fake server counts a batch before it asks about its items.
      if (server.batchSizes.length === batches) return { status: 'stored' };
      batches = server.batchSizes.length;
      onArrival();
      if (!losses.chance(1 / BATCHES_PER_LOSS)) return { status: 'stored' };
      server.dropConnection();
      return null;
    };
    const began = Date.now();
    const schedule = everySeconds(EVERY_S, RUNS, began);
    const lookUp = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const ping = { ips: ['127.0.0.1'], probecount: 2 };
    const operations = Array.from({ length: OPERATIONS }, (_, index) =>
      index % 4 === 0 && hasScamper
        ? operation({ kind: 'ping', params: ping, schedule })
        : operation({ kind: 'dns', params: lookUp, schedule }),
    );
    await server.assign(...operations);

    const moments: Moment[] = [];
    let leftovers = 0;
    while (moments.length < KILLS || Date.now() < began + RUNS * EVERY_S * 1000) {
      const moment = draw(random);
      moments.push(moment);
      await liveUntil(moment, random);
      leftovers += (await runningIn(folder)).length;
    }
    start();
    const accounted = (): number => server.results.size + server.failures.size;
    await until('every run is accounted for', () => accounted() === OPERATIONS * RUNS, 90_000).catch(
      (error: unknown) => {
        throw new Error(`${accounted()} of them are: ${String(error)}`);
      },
    );

    const reasons = new Map<string, number>();
    for (const { detail } of server.failures.values()) reasons.set(detail, (reasons.get(detail) ?? 0) + 1);
    console.log(
      `${moments.length} kills, ${server.results.size} results, ${server.duplicates} sent twice, ${leftovers} processes left behind`,
      reasons,
    );
    expect(server.contradictions).toEqual([]);
    for (const { operation_id } of operations) {
      for (let run = 0; run < RUNS; run++) {
        const key = `${operation_id} ${new Date(began + run * EVERY_S * 1000).toISOString()}`;
        expect([key, Number(server.results.has(key)) + Number(server.failures.has(key))]).toEqual([key, 1]);
      }
    }
    expect(server.results.size).toBeGreaterThan(0);
    // Nothing measures on but what this life has begun.
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(await runningIn(folder)).toEqual([]);
  });
});
