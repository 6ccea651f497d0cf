import mongoose from 'mongoose';
import { Cell } from '../../src/derived/series/cell.js';
import { FIGURES } from '../../src/derived/series/figures.js';
import { RUNS_PER_SHEET } from '../../src/core/runs/index.js';
import { idOf, type RollupKey } from '../../src/derived/series/rollups.repository.js';
import { TestDatabase } from '../support/database.js';
import { testMongo } from '../support/mongod.js';
import { startServer } from '../support/server.js';
import { makeRich, type Platform, processorSeconds, registerProbes, SECRET_KEY } from './platform.js';

const PROBES = 100;
const DAYS = 30;
const DAY_MS = 86_400_000;
const RUNS = DAYS * 1440;
const PACKETS = 4;
/** One run in so many is missing. */
const LOST = 50;
const QUESTIONS = 30;
const DESTINATION = '192.0.2.1';

export interface SeriesFigures {
  what: string;
  values: number;
  kilobytes: number;
  medianMs: number;
  p95Ms: number;
  /** processor time of the server for one answer */
  processorMs: number;
}

/** A month of a minutely ping on 100 probes, as ingest and the consumer would have left it; then it is asked for. */
export async function benchSeries(): Promise<SeriesFigures[]> {
  const mongo = await testMongo();
  const server = await startServer({ SECRET_KEY, LOG_LEVEL: 'info', MONGODB_URI: mongo.uri });
  const database = new TestDatabase(mongo.uri);
  try {
    const { call, credentials } = await makeRich(server, {
      ...{ SECRET_KEY, LOG_LEVEL: 'warn', DATA_DIR: server.dataDir, MONGODB_URI: mongo.uri },
    });
    const platform: Platform = { server, call };
    const { id, begin } = await fillMonth(platform, database);
    const { access_token } = await call<{ access_token: string }>('POST', '/api/v1/auth/login', credentials);
    const range = `from=${new Date(begin).toISOString()}&to=${new Date(begin + DAYS * DAY_MS).toISOString()}`;
    const figures: SeriesFigures[] = [];
    for (const [what, query] of QUERIES) {
      const path = `${server.url}/api/v1/operations/${id}/series?${range}&${query}`;
      figures.push({ what, ...(await asked(path, access_token, server.pid)) });
    }
    return figures;
  } finally {
    await database.close();
    await server.stop();
    await mongo.stop();
  }
}

const QUERIES = [
  ['median and loss of each probe by the hour', 'by=probe&bucket=1h&metrics=loss,rtt_p50_ms'],
  [
    'the same with runs and their fates',
    'by=probe&bucket=1h&metrics=runs_due,runs_missing,runs_fates,loss,rtt_p5_ms,rtt_p50_ms,rtt_p95_ms',
  ],
  ['all columns of each probe by the hour', 'by=probe&bucket=1h'],
  ['all columns of all probes together by the hour', 'bucket=1h'],
  ['all columns of each probe by the day', 'by=probe&bucket=1d'],
] as const;

async function asked(path: string, token: string, pid: number): Promise<Omit<SeriesFigures, 'what'>> {
  const times: number[] = [];
  let [values, bytes] = [0, 0];
  const read = async () => {
    const response = await fetch(path, { headers: { Authorization: `Bearer ${token}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  await read();
  const before = await processorSeconds(pid);
  for (let question = 0; question < QUESTIONS; question += 1) {
    const began = performance.now();
    const text = await read();
    times.push(performance.now() - began);
    bytes = text.length;
    if (question === 0) values = countValues(text);
  }
  const processorMs = ((await processorSeconds(pid)) - before) * (1000 / QUESTIONS);
  times.sort((a, b) => a - b);
  const [medianMs = 0, p95Ms = 0] = [times[QUESTIONS / 2], times[Math.floor(QUESTIONS * 0.95)]];
  return { values, kilobytes: Math.round(bytes / 1024), medianMs, p95Ms, processorMs };
}

function countValues(text: string): number {
  const { series, times } = JSON.parse(text) as { series: { values: object }[]; times: string[] };
  return series.length * times.length * Object.keys(series[0]?.values ?? {}).length;
}

/** Makes an operation of a month of a minutely ping on 100 probes, as ingest and the consumer would have left it. */
export async function fillMonth(
  platform: Pick<Platform, 'call'>,
  database: Pick<TestDatabase, 'collection'>,
): Promise<{ id: string; begin: number }> {
  await registerProbes(platform, PROBES);
  const probes = (await platform.call<{ identifier: string }[]>('GET', '/probes/me')).map(
    ({ identifier }) => identifier,
  );
  const { id } = await platform.call<{ id: string }>('POST', '/api/v1/operations', {
    ...{ kind: 'ping', params: { ips: [DESTINATION], probecount: PACKETS }, probes },
    schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 600_000).toISOString() },
  });
  const operation = new mongoose.mongo.ObjectId(id);
  const begin = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAYS * DAY_MS;
  // more runs than an operation may have: it is the month that counts
  await database.collection('operations').updateOne(
    { _id: operation },
    {
      $set: {
        'schedule.start': new Date(begin),
        'schedule.stop': new Date(begin + DAYS * DAY_MS),
        ends_at: new Date(begin + DAYS * DAY_MS),
      },
    },
  );
  const generation = await database.collection('rollup_generations').findOne({ _id: 'all' as never });
  const draw = generator(1);
  const together = new Map<number, Rollup[]>();
  for (const probe of probes) {
    const own = new mongoose.mongo.ObjectId(probe);
    const lost = Array.from({ length: RUNS }, () => draw() < 1 / LOST);
    await database.collection('runsheets').insertMany(sheetsOf(operation, own, lost));
    const rollups = rollupsOf(
      { operation, probe: own, generation: Number(generation?.['generation'] ?? 0) },
      begin,
      lost,
      draw,
    );
    await database.collection('rollups').insertMany(rollups as object[]);
    for (const rollup of rollups) note(together, rollup);
  }
  await database.collection('rollups').insertMany([...together.values()].map(addedUp));
  return { id, begin };
}

function sheetsOf(
  operation: mongoose.mongo.ObjectId,
  probe: mongoose.mongo.ObjectId,
  lost: readonly boolean[],
): object[] {
  return Array.from({ length: Math.ceil(RUNS / RUNS_PER_SHEET) }, (_, sheet) => {
    const came: Record<string, number> = {};
    let stored = 0;
    for (let run = sheet * RUNS_PER_SHEET; run < Math.min(RUNS, (sheet + 1) * RUNS_PER_SHEET); run += 1) {
      if (lost[run] === true) continue;
      const place = run % RUNS_PER_SHEET;
      const word = String(Math.floor(place / 32));
      came[word] = (came[word] ?? 0) | (1 << (place % 32));
      stored += 1;
    }
    return { operation, probe, sheet, stored, came };
  });
}

type Rollup = RollupKey & { _id: string; hours: Record<string, Buffer>; total: Buffer };

function note(all: Map<number, Rollup[]>, rollup: Rollup): void {
  const day = rollup.day.getTime();
  all.set(day, [...(all.get(day) ?? []), rollup]);
}

/** @param rollups of one day, of each probe @returns the one of all of them together */
function addedUp(rollups: readonly Rollup[]): object {
  const [{ operation, generation, day, destination }] = rollups as [Rollup];
  const key = { operation, generation, probe: null, day, destination };
  const cell = new Cell(FIGURES.ping);
  const names = [...new Set(rollups.flatMap(({ hours }) => Object.keys(hours)))];
  const hours = names.map((name) => [
    name,
    cell.sumOf(rollups.map((rollup) => rollup.hours[name]).filter((hour) => hour !== undefined)),
  ]);
  const total = cell.sumOf(rollups.map((rollup) => rollup.total));
  return { _id: idOf(key), ...key, hours: Object.fromEntries(hours) as object, total };
}

function rollupsOf(
  of: { operation: mongoose.mongo.ObjectId; probe: mongoose.mongo.ObjectId; generation: number },
  begin: number,
  lost: readonly boolean[],
  draw: () => number,
): Rollup[] {
  const base = 2_000 + draw() * 200_000;
  const [hour, whole] = [new Cell(FIGURES.ping), new Cell(FIGURES.ping)];
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(begin + index * DAY_MS);
    const hours: Record<string, Buffer> = {};
    whole.reset();
    for (let at = 0; at < 24; at += 1) {
      hour.reset();
      for (let run = index * 1440 + at * 60; run < index * 1440 + (at + 1) * 60; run += 1) {
        if (lost[run] === true) continue;
        const answers = Uint32Array.from({ length: PACKETS }, () => base * (1 + draw() ** 4 + draw() * 0.05));
        hour.add({
          entry: { type: 'ping', sent: PACKETS, received: PACKETS, duplicates: 0 },
          rtts: { answers },
        });
      }
      const packed = hour.pack();
      hours[`h${at}`] = packed;
      whole.absorb(packed);
    }
    const key = { ...of, day, destination: DESTINATION };
    return { _id: idOf(key), ...key, hours, total: whole.pack() };
  });
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
