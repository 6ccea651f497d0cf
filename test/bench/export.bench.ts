import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import mongoose from 'mongoose';
import { digestResult } from '../../src/measurement/kinds/result-formats.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { testMongo } from '../support/mongod.js';
import { startServer, type TestServer } from '../support/server.js';
import { makeRich, processorSeconds, residentBytes, SECRET_KEY } from './platform.js';
import { pingWarts } from './warts-sample.js';

const RESULTS = Number(process.env['EXPORT_RESULTS'] ?? 200_000);
const ROUNDS = Number(process.env['EXPORT_ROUNDS'] ?? 3);
const FORMATS = (process.env['EXPORT_FORMATS'] ?? 'ndjson csv parquet warts').split(' ');
const AT_ONCE = 1_000;
const EVERY_MS = 60_000;
const PROBES = 100;
const LOOK_EVERY_MS = 100;
const MB = 1024 * 1024;

/** What is read of one operation of pings, a destination and 15 packets each. */
export interface ExportFigures {
  what: string;
  /** results a second, medians */
  perSecond: number;
  /** of the rate of the bare driver in the same round, median */
  ratio: number;
  /** seconds of processor of the server, for all of them */
  processorS: number;
  /** of the server, beyond what it had before the first export */
  grownMb: number;
  megabytes: number;
}

type Reading = Omit<ExportFigures, 'what' | 'ratio'>;

/** The same results by the bare driver and by the API in each format, in turns. EXPORT_RESULTS, EXPORT_ROUNDS, EXPORT_FORMATS */
export async function benchExport(): Promise<ExportFigures[]> {
  const mongo = await testMongo();
  const env = { SECRET_KEY, LOG_LEVEL: 'info', MONGODB_URI: mongo.uri };
  const server = await startServer(env);
  const client = new mongoose.mongo.MongoClient(mongo.uri);
  try {
    const { call, credentials } = await makeRich(server, { ...env, DATA_DIR: server.dataDir });
    const { access_token } = await call<{ access_token: string }>('POST', '/login', credentials);
    const me = await call<{ _id: string }>('GET', '/users/me');
    const results = client.db().collection('results');
    const operation = await fill(client.db(), new ObjectId(me._id));
    const url = `${server.url}/api/v1/operations/${operation.toHexString()}/results`;
    const readings = new Map<string, (Reading & { ratio: number })[]>();
    // one of each that does not count: what is compiled and cached then is there for all
    for (let round = -1; round < ROUNDS; round += 1) {
      const driver = await readByDriver(results, operation);
      const idle = residentBytes(server.pid);
      for (const format of FORMATS) {
        const reading = await readByHttp(server, `${url}?format=${format}`, access_token, idle);
        if (round >= 0) note(readings, format, { ...reading, ratio: reading.perSecond / driver.perSecond });
      }
      if (round >= 0) note(readings, 'the bare driver', { ...driver, ratio: 1 });
    }
    return [...readings].map(([what, all]) => ({
      what,
      perSecond: Math.round(median(all.map(({ perSecond }) => perSecond))),
      ratio: median(all.map(({ ratio }) => ratio)),
      processorS: median(all.map(({ processorS }) => processorS)),
      grownMb: Math.max(...all.map(({ grownMb }) => grownMb)),
      megabytes: median(all.map(({ megabytes }) => megabytes)),
    }));
  } finally {
    await client.close();
    await server.stop();
    await mongo.stop();
  }
}

function note<T>(all: Map<string, T[]>, name: string, one: T): void {
  all.set(name, [...(all.get(name) ?? []), one]);
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** An operation with results as probes would have brought them, each of a run of its own. */
async function fill(db: mongoose.mongo.Db, owner: ObjectId): Promise<ObjectId> {
  const operation = new ObjectId();
  const now = Date.now();
  await db.collection('operations').insertOne({
    ...{ _id: operation, owner, kind: 'ping', params: { ips: ['127.0.0.2'] }, visibility: 'private' },
    ...{ schedule: { type: 'once' }, created_at: new Date(now), changed_at: new Date(now) },
  });
  const raw = pingWarts();
  const { summary } = await digestResult('warts', raw);
  const probes = Array.from({ length: PROBES }, () => new ObjectId());
  const clock = { offset_ms: 1.25, error_ms: 3.5, source: 'ntp', age_s: 12 };
  for (let first = 0; first < RESULTS; first += AT_ONCE) {
    const part = Array.from({ length: Math.min(AT_ONCE, RESULTS - first) }, (_, n) => {
      const index = first + n;
      const due = new Date(now - (RESULTS - index) * EVERY_MS);
      const started = new Date(due.getTime() + 7);
      return {
        ...{ operation, probe: probes[index % PROBES], unique_code: due.toISOString(), outcome: 'stored' },
        ...{ received_at: new Date(due.getTime() + 2_500), scheduled_at: due, started_at: started },
        ...{ duration_ms: 2_031.5, clock, format: 'warts', raw, summary: summary.slice(0, 1) },
        ...{ summary_rules: 2, paid_by: new ObjectId().toHexString() },
      };
    });
    await db.collection('results').insertMany(part);
  }
  return operation;
}

async function readByDriver(results: mongoose.mongo.Collection, operation: ObjectId): Promise<Reading> {
  const began = performance.now();
  const before = process.cpuUsage();
  let count = 0;
  for await (const found of results.find({ operation }).sort({ received_at: 1, _id: 1 }))
    count += '_id' in found ? 1 : 0;
  const { user, system } = process.cpuUsage(before);
  checkCount(count);
  return { perSecond: rateSince(began), processorS: (user + system) / 1e6, grownMb: 0, megabytes: 0 };
}

async function readByHttp(server: TestServer, url: string, token: string, idle: number): Promise<Reading> {
  const before = await processorSeconds(server.pid);
  const began = performance.now();
  let most = 0;
  const look = setInterval(() => (most = Math.max(most, residentBytes(server.pid))), LOOK_EVERY_MS);
  const { bytes, lines } = await taken(url, token);
  clearInterval(look);
  if (url.endsWith('ndjson')) checkCount(lines);
  if (url.endsWith('csv')) checkCount(lines - 1);
  return {
    perSecond: rateSince(began),
    processorS: (await processorSeconds(server.pid)) - before,
    grownMb: (most - idle) / MB,
    megabytes: bytes / MB,
  };
}

function rateSince(began: number): number {
  return RESULTS / ((performance.now() - began) / 1_000);
}

function checkCount(count: number): void {
  if (count !== RESULTS) throw new Error(`${count} instead of ${RESULTS} results`);
}

/** @throws where the answer breaks off */
async function taken(url: string, token: string): Promise<{ bytes: number; lines: number }> {
  const request = get(url, { headers: { access_token: token, 'accept-encoding': 'identity' } });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  let bytes = 0;
  let lines = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  if (answer.statusCode !== 200) throw new Error(`${url}: ${String(answer.statusCode)}`);
  return { bytes, lines };
}
