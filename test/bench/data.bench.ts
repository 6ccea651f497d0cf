import mongoose from 'mongoose';
import { findRunningEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { newestOf } from '../../src/derived/latest/latest-of.js';
import { type Platform, registerProbes } from './platform.js';
import { pingWarts } from './warts-sample.js';

const { ObjectId } = mongoose.mongo;
type Id = InstanceType<typeof ObjectId>;

/** Results of one operation, and of all others together. */
const RESULTS = Number(process.env['RESULTS'] ?? 1_000_000);
const PROBES = 100;
const MINUTE_MS = 60_000;
const AT_ONCE = 2_000;
const WRITERS = 4;
const ROUNDS = 30;
const COUNTRIES = [
  { longitude: 13.4, latitude: 52.5 },
  { longitude: 2.35, latitude: 48.85 },
  { longitude: -58.38, latitude: -34.6 },
  { longitude: -56.16, latitude: -34.9 },
];
const RAW = pingWarts().subarray(0, 700);

interface Loaded {
  /** by kind; ping has as many results as all others together */
  operations: Record<Kind, string>;
  probes: Id[];
  from: number;
  to: number;
}

type Kind = 'ping' | 'traceroute' | 'dns' | 'http' | 'tls';

const SHARES: Record<Kind, number> = { ping: 1, traceroute: 0.25, dns: 0.25, http: 0.25, tls: 0.25 };
const PARAMS: Record<Kind, object> = {
  ping: { ips: ['192.0.2.1'] },
  traceroute: { ips: ['192.0.2.1'] },
  dns: { fqdns: ['example.org'] },
  http: { urls: ['https://example.org/'] },
  tls: { fqdns: ['example.org'] },
};

/** Each probe measures 200 of them, one after the other. */
const address = (n: number) => `192.0.2.${Math.floor(n / PROBES) % 200}`;
const timings = { resolve_ms: 3, connect_ms: 12.5 };

/** Entries of summaries as results have them, of result number `n`: one in a hundred is as few are. */
const SUMMARIES: Record<Kind, (n: number) => object> = {
  ping: (n) => ({
    ...{ type: 'ping', src: '198.51.100.1', dst: address(n), start: { sec: 1_700_000_000, usec: n % 1e6 } },
    ...{ sent: 4, received: n % 100 === 0 ? 2 : 4, duplicates: 0, loss: n % 100 === 0 ? 0.5 : 0 },
    ...{ rtt_min_ms: 10, rtt_avg_ms: 10 + (n % 1000) / 10, rtt_median_ms: 11, rtt_max_ms: 120 },
    ...{ rtt_stddev_ms: 1.5, errors: [], destination: address(n), resolve_ms: null, error: null },
  }),
  traceroute: (n) => ({
    ...{ type: 'trace', src: '198.51.100.1', dst: address(n), start: { sec: 1_700_000_000, usec: 1 } },
    ...{ sent: 14, reached: n % 100 !== 0, hop_count: 14, stop_reason: 'COMPLETED' },
    path: Array.from({ length: 14 }, (_, hop) =>
      hop === 3 ? null : `203.0.113.${(hop * 7 + (n % 100 === 0 ? 1 : 0)) % 256}`,
    ),
    ...{ path_hash: n % 100 === 0 ? '0123456789abcdef' : 'fedcba9876543210', rtt_ms: 20 },
    ...{ destination: address(n), resolve_ms: null, error: null },
  }),
  dns: (n) => ({
    ...{ type: 'dns', name: 'example.org', qclass: 'IN', qtype: 'A', resolver: '192.0.2.53' },
    ...{ transport: 'udp', rtt_ms: 8, rcode: n % 100 === 0 ? 'SERVFAIL' : 'NOERROR', answers: 1 },
    ...{ flags: ['rd', 'ra'], edns_version: 0, error: null },
    answer_data: [n % 100 === 0 ? '198.51.100.99' : '198.51.100.1', 'mail.example.org.'],
  }),
  http: (n) => ({
    ...{ type: 'http', url: 'https://example.org/', method: 'GET', address: address(n) },
    ...{ status: n % 100 === 0 ? 503 : 200, header_bytes: 300, body_bytes: 1000, truncated: false },
    ...{ ...timings, tls_ms: 20, first_byte_ms: 30, total_ms: 70, tls_version: 'TLSv1.3' },
    ...{ authorized: true, error: null },
  }),
  tls: (n) => ({
    ...{ type: 'tls', destination: 'example.org', address: address(n), port: 443, version: 'TLSv1.3' },
    ...{ cipher: 'TLS_AES_256_GCM_SHA384', alpn: 'h2', authorized: true, authorization_error: null },
    ...{ subject: 'CN=example.org', issuer: 'CN=CA', not_before: '2026-01-01T00:00:00.000Z' },
    ...{ not_after: n % 100 === 0 ? '2026-06-01T00:00:00.000Z' : '2027-06-01T00:00:00.000Z' },
    ...{ fingerprint_sha256: 'ab'.repeat(32), chain_length: 3, ...timings, handshake_ms: 20, total_ms: 40 },
    error: null,
  }),
};

export interface PageFigures {
  what: string;
  of: string;
  medianMs: number;
  p95Ms: number;
  /** of the page that was measured last */
  items: number;
}

/** Loads the results past the server, as ingest writes them. @returns seconds that it took beside what was loaded */
export async function loadResults(platform: Platform): Promise<Loaded> {
  const tokens = await registerProbes(platform, PROBES);
  const mine = await platform.call<{ identifier: string }[]>('GET', '/probes/me');
  const probes = mine.slice(-tokens.length).map(({ identifier }) => new ObjectId(identifier));
  const running = await findRunningEmbeddedMongo(platform.server.dataDir);
  const client = new mongoose.mongo.MongoClient(running?.uri ?? '');
  try {
    const results = client.db().collection('results');
    await placeProbes(client, probes);
    const indexes = (await results.indexes()).filter(({ name }) => name !== '_id_');
    await results.dropIndexes();
    const operations = {} as Record<Kind, string>;
    const to = Date.now() - MINUTE_MS;
    const from = to - (RESULTS / PROBES) * MINUTE_MS;
    for (const kind of Object.keys(SHARES) as Kind[]) {
      operations[kind] = await createOperation(platform, kind, probes);
      await insertAll(results, kind, new ObjectId(operations[kind]), probes, { from, to });
    }
    await results.createIndexes(
      indexes.map(({ key, name, ...more }) => ({ key, name: name ?? '', ...more })),
    );
    await insertLatest(client, operations.ping, results);
    return { operations, probes, from, to };
  } finally {
    await client.close();
  }
}

/** As the consumer of the results tail makes them. */
async function insertLatest(
  client: mongoose.mongo.MongoClient,
  operation: string,
  results: mongoose.mongo.Collection,
): Promise<void> {
  const last = results.find(
    { operation: new ObjectId(operation) },
    { sort: { received_at: -1, _id: -1 }, limit: PROBES * 220 },
  );
  const newest = newestOf((await last.toArray()) as never);
  await client
    .db()
    .collection('latest')
    .insertMany(newest as never[]);
}

/** Ten of each hundred probes in each of some countries, with tags. */
async function placeProbes(client: mongoose.mongo.MongoClient, probes: readonly Id[]): Promise<void> {
  const codes = ['DE', 'FR', 'AR', 'UY'];
  const updates = probes.map((_id, n) => {
    const { longitude, latitude } = COUNTRIES[n % COUNTRIES.length] ?? { longitude: 0, latitude: 0 };
    const location = { type: 'Point', coordinates: [longitude, latitude] };
    const $set = { location, country: codes[n % codes.length], tags: n % 10 === 0 ? ['fibre'] : [] };
    return { updateOne: { filter: { _id }, update: { $set } } };
  });
  await client.db().collection('probes').bulkWrite(updates);
}

async function createOperation({ call }: Platform, kind: Kind, probes: readonly Id[]): Promise<string> {
  const { id } = await call<{ id: string }>('POST', '/api/v1/operations', {
    ...{ kind, params: PARAMS[kind], probes: probes.map(String) },
    schedule: { type: 'interval', every_s: 3600, stop: new Date(Date.now() + 7_200_000).toISOString() },
  });
  return id;
}

async function insertAll(
  results: mongoose.mongo.Collection,
  kind: Kind,
  operation: Id,
  probes: readonly Id[],
  { from, to }: { from: number; to: number },
): Promise<void> {
  const count = RESULTS * SHARES[kind];
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < count) {
      const first = next;
      next += AT_ONCE;
      const documents = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) =>
        documentOf(kind, operation, probes, first + index, from + ((to - from) * (first + index)) / count),
      );
      await results.insertMany(documents, { ordered: false, writeConcern: { w: 1, journal: false } });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** Result number `n` of an operation, due at `at`. */
function documentOf(kind: Kind, operation: Id, probes: readonly Id[], n: number, at: number): object {
  const scheduled = new Date(at);
  const common = {
    ...{ _id: new ObjectId(), operation, probe: probes[n % probes.length] },
    ...{ unique_code: `${scheduled.toISOString()}-${n}`, scheduled_at: scheduled },
    received_at: new Date(at + 2_000),
    clock: { offset_ms: 0.4, error_ms: 1, source: 'ntp', age_s: 3 },
  };
  if (n % 50 === 49)
    return {
      ...common,
      outcome: 'failed',
      failure: { reason: n % 100 === 99 ? 'timeout' : 'refused', detail: '' },
    };
  return {
    ...common,
    ...{ outcome: 'stored', started_at: scheduled, duration_ms: 3_000, paid_by: `results:${n}` },
    ...{ format: kind === 'ping' || kind === 'traceroute' ? 'warts' : kind, raw: RAW },
    ...{ summary: [SUMMARIES[kind](n)], summary_rules: 99 },
  };
}

/** Filters, with the kind whose operation is asked; `all` is GET /api/v1/results. */
function questions({ from, to, probes }: Loaded): [Kind | 'all', string][] {
  const at = (share: number) => new Date(from + (to - from) * share).toISOString();
  return [
    ['ping', ''],
    ['ping', 'order=desc'],
    ['ping', `from=${at(0.3)}&to=${at(0.6)}`],
    ['ping', `time=scheduled_at&from=${at(0)}&to=${at(1)}`],
    ['ping', `time=started_corrected_at&from=${at(0.9)}`],
    ['ping', `probe=${String(probes[7])}`],
    ['ping', 'tag=fibre'],
    ['ping', 'country=UY'],
    ['ping', 'longitude=13&latitude=52&within_km=100'],
    ['ping', 'bbox=0,40,20,60'],
    ['ping', 'outcome=failed'],
    ['ping', 'reason=timeout'],
    ['ping', 'target=192.0.2.7'],
    ['ping', 'target=nobody.example'],
    ['ping', 'network=192.0.2.0/28'],
    ['ping', 'target=198.18.0.0/15'],
    ['ping', 'family=6'],
    ['ping', 'rtt_from=109'],
    ['ping', 'loss_from=0.1'],
    ['traceroute', 'path=203.0.113.1'],
    ['traceroute', 'path=198.18.0.0/15'],
    ['traceroute', 'path=203.0.113.0/24'],
    ['traceroute', 'path_hash=0123456789abcdef'],
    ['traceroute', 'reached=false'],
    ['dns', 'rcode=SERVFAIL'],
    ['dns', 'answer=100.99'],
    ['dns', 'answer=nothing'],
    ['http', 'http_status=503'],
    ['tls', 'expires_before=2026-12-31T00:00:00Z'],
    ['all', ''],
    ['all', 'target=192.0.2.7&loss_from=0.1'],
    ['all', 'target=nobody.example&order=desc'],
    ['all', 'kind=dns&rcode=SERVFAIL&country=DE'],
  ];
}

/** The first page of each filter, and one from the middle. */
export async function benchPages(platform: Platform, loaded: Loaded): Promise<PageFigures[]> {
  const figures: PageFigures[] = [];
  const middle = Math.round((loaded.from + loaded.to) / 2);
  for (const [of, filter] of questions(loaded)) {
    const path = of === 'all' ? '/api/v1/results' : `/api/v1/operations/${loaded.operations[of]}/results`;
    const first = `${path}?${filter}`;
    figures.push({ what: filter, of, ...(await measure(platform, first)) });
    const { next } = await platform.call<{ next: string | null }>('GET', first);
    if (next === null) continue;
    const cursor = cursorAt(next, middle);
    figures.push({
      what: `${filter}, middle`,
      of,
      ...(await measure(platform, `${first}&cursor=${cursor}`)),
    });
  }
  for (const filter of ['', 'loss_from=0.1', 'country=UY', 'target=nobody.example']) {
    const path = `/api/v1/operations/${loaded.operations.ping}/latest?${filter}`;
    figures.push({ what: `latest ${filter}`, of: 'ping', ...(await measure(platform, path)) });
  }
  const target = '/api/v1/results/latest?target=192.0.2.7';
  figures.push({ what: 'latest target=192.0.2.7', of: 'all', ...(await measure(platform, target)) });
  const { items } = await platform.call<{ items: { id: string }[] }>(
    'GET',
    `/api/v1/operations/${loaded.operations.ping}/results?limit=1`,
  );
  const one = `/api/v1/results/${items[0]?.id ?? ''}`;
  figures.push({ what: 'one result', of: 'ping', ...(await measure(platform, one)) });
  return figures;
}

/** A cursor as the one given, but at another time. */
function cursorAt(cursor: string, at: number): string {
  const [id, , of] = Buffer.from(cursor, 'base64url').toString('latin1').split('.');
  return Buffer.from([id, at, of].join('.')).toString('base64url');
}

/** @param path of a GET @returns times of the clock, milliseconds, of a page of 100 */
export async function measure({ call }: Platform, path: string): Promise<Omit<PageFigures, 'what' | 'of'>> {
  const taken: number[] = [];
  let items = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    const answer = await call<{ items?: unknown[] }>('GET', path);
    taken.push(performance.now() - began);
    items = answer.items?.length ?? 1;
  }
  taken.sort((a, b) => a - b);
  return { medianMs: taken[ROUNDS / 2] ?? 0, p95Ms: taken[Math.floor(ROUNDS * 0.95)] ?? 0, items };
}
