import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeDns } from '../../probe/test/support/fake.dns.js';
import { until } from '../support/until.js';
import type { Platform } from './platform.js';

const CLI = fileURLToPath(new URL('../../probe/dist/cli.js', import.meta.url));
const EVERY_S = 2;
const SECONDS = 60;
/** Until the first run: the probe has the operation by then. */
const SOON_MS = 3_000;
const TOGETHER = 8;

export interface Overhead {
  what: string;
  runs: number;
  p50: number;
  p95: number;
  most: number;
}

interface Result {
  scheduled_at: string;
  /** Records of scamper, or entries of a look-up. */
  decoded: ({ responses: { tx: { sec: number; usec: number } }[] } | { sent_at: string } | object)[];
}

/** What the platform itself adds to a run, ms: a real probe and a real server on this machine, measuring 127.0.0.1. */
export async function benchOverhead(platform: Platform): Promise<Overhead[]> {
  const resolver = await FakeDns.start();
  const folder = await mkdtemp(join(tmpdir(), 'pladmed-bench-probe-'));
  const { id, token } = await platform.call<{ id: string; token: string }>('POST', '/api/v1/probes', {
    location: { longitude: 0, latitude: 0 },
  });
  const probe = spawn(process.execPath, [CLI, 'run'], {
    env: {
      PATH: process.env['PATH'],
      PLADMED_SERVER: platform.server.url,
      PLADMED_TOKEN: token,
      PLADMED_DATA_DIR: folder,
      PLADMED_ALLOW: '127.0.0.0/8',
      PLADMED_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const deliveries = await watchDeliveries(folder);
    const question = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const ping = (host: number) => ({ ips: [`127.0.0.${host}`], probecount: 1 });
    // Pings in even seconds, look-ups between them: each alone.
    const start = Date.now() + SOON_MS;
    const alone = await Promise.all([
      measure(platform, id, 'ping', ping(1), start),
      measure(platform, id, 'dns', question, start + 1_500),
    ]);
    const first = await Promise.all(alone.map((operation) => finished(platform, operation)));
    const afterAlone = deliveries.splice(0);
    const next = Date.now() + SOON_MS;
    const together = await Promise.all(
      Array.from({ length: TOGETHER }, (_, host) => measure(platform, id, 'ping', ping(host + 1), next)),
    );
    const second = await Promise.all(together.map((operation) => finished(platform, operation)));
    const [pings = [], lookUps = []] = first.map((results) => results.map(untilFirstPacket));
    return [
      figures('due to first packet: a ping', pings),
      figures('due to first packet: a look-up', lookUps),
      figures(`due to first packet: ${TOGETHER} pings at once`, second.flat().map(untilFirstPacket)),
      figures('on disk to acknowledged: one result at a time', afterAlone),
      figures(`on disk to acknowledged: ${TOGETHER} at once`, deliveries),
    ];
  } finally {
    await end(probe);
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Times from a result's appearance in the probe's store to its removal, which the acknowledgement sets off; ms, filled as they come. */
async function watchDeliveries(folder: string): Promise<number[]> {
  const results = await until('the probe has a store', async () => {
    const [identity = ''] = await readdir(folder);
    const store = join(folder, identity, 'results');
    return existsSync(store) && store;
  });
  const appeared = new Map<string, number>();
  const times: number[] = [];
  watch(results, { persistent: false }, (event, name) => {
    if (event !== 'rename' || name === null) return;
    const since = appeared.get(name);
    if (since === undefined) appeared.set(name, performance.now());
    else times.push(performance.now() - since);
  });
  return times;
}

async function measure(
  platform: Platform,
  probe: string,
  kind: string,
  params: object,
  start: number,
): Promise<string> {
  const [from, stop] = [start, start + SECONDS * 1000].map((ms) => new Date(ms).toISOString());
  const schedule = { type: 'interval', every_s: EVERY_S, start: from, stop };
  const body = { kind, params, schedule, probes: [probe] };
  return (await platform.call<{ id: string }>('POST', '/api/v1/operations', body)).id;
}

async function finished(platform: Platform, id: string): Promise<Result[]> {
  const path = `/api/v1/operations/${id}`;
  await until(
    'every run is accounted for',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return (await platform.call<{ state: string }>('GET', path)).state === 'done';
    },
    (SECONDS + 30) * 1000,
  );
  const listing = `${path}/results?view=json&outcome=stored&limit=100`;
  return (await platform.call<{ items: Result[] }>('GET', listing)).items;
}

/** By the time stamp that scamper, or the probe, takes right before it sends. */
function untilFirstPacket({ scheduled_at, decoded }: Result): number {
  const due = Date.parse(scheduled_at);
  for (const record of decoded) {
    if ('sent_at' in record) return Date.parse(record.sent_at) - due;
    const tx = 'responses' in record ? record.responses[0]?.tx : undefined;
    if (tx !== undefined) return tx.sec * 1000 + tx.usec / 1000 - due;
  }
  throw new Error('a run without a packet');
}

function figures(what: string, times: number[]): Overhead {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1));
  return { what, runs: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) };
}

async function end(probe: ChildProcess): Promise<void> {
  if (probe.exitCode !== null || probe.signalCode !== null) return;
  probe.kill('SIGTERM');
  await once(probe, 'exit');
}
