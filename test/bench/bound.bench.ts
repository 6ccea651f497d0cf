import mongoose from 'mongoose';
import { setTimeout as delay } from 'node:timers/promises';
import { type Socket } from 'socket.io-client';
import { findRunningEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { classicSend, connectAll, contentOf, countFor, operationFor, type Send } from './ingest.bench.js';
import { type Platform, processorSeconds, registerProbes, startScript } from './platform.js';
import { median } from './versus/scenarios.js';

const PROBES = 20;
const ROUNDS = 3;
const SECONDS = 2;
/** What is done after the last acknowledgement counts as well: the consumers of the tail. */
const SETTLE_MS = 2_000;

/** Medians of the rounds, a result. */
export interface BoundCost {
  protocol: string;
  inFlight: number;
  what: 'platform' | 'bound' | 'echo';
  perSecond: number;
  /** processor time, microseconds */
  serverUs: number;
  databaseUs: number;
  /** results in a batch of the platform, at the mean; the bound has no larger ones */
  batch: number;
}

interface Side {
  what: BoundCost['what'];
  pid: number;
  sends: Send[];
  sockets: Socket[];
}

/** Results by the platform, by what writes the same documents and does nothing else (bound-server.ts), and by an echo: in turn. */
export async function benchBound(platform: Platform): Promise<BoundCost[]> {
  const mongod = await findRunningEmbeddedMongo(platform.server.dataDir);
  if (mongod === undefined) throw new Error('the server has no mongod of its own');
  const client = await new mongoose.mongo.MongoClient(mongod.uri).connect();
  const tokens = await registerProbes(platform, PROBES);
  const costs: BoundCost[] = [];
  for (const protocol of ['classic warts', 'classic gzip'] as const) {
    const { id } = await operationFor(platform, tokens, protocol);
    for (const inFlight of [200, 1_000]) {
      const connect = async (what: BoundCost['what'], url: string, pid: number): Promise<Side> => {
        const sockets = await connectAll(url, tokens, protocol);
        const each = Array.from({ length: inFlight / PROBES });
        const content = contentOf(protocol);
        const sends = sockets.flatMap((socket) => each.map(() => classicSend(socket, id, protocol, content)));
        return { what, pid, sends, sockets };
      };
      const own = await connect('platform', platform.server.url, platform.server.pid);
      const batch = await meanBatch(client, id, () => countFor(SECONDS, own.sends));
      const bound = await startScript('bound-server.ts', mongod.uri, id, String(batch));
      const echo = await startScript('echo-server.ts');
      const sides = [
        own,
        await connect('bound', bound.url, bound.pid),
        await connect('echo', echo.url, echo.pid),
      ];
      const rows = await inTurn(sides, mongod.pid);
      costs.push(...rows.map((row) => ({ protocol, inFlight, batch, ...row })));
      for (const socket of sides.flatMap(({ sockets }) => sockets)) socket.disconnect();
      for (const { stop } of [bound, echo]) stop();
    }
  }
  await client.db('bound').dropDatabase();
  await client.close();
  return costs;
}

/** @returns how many results the platform's batches have, at the mean: each has a time of its own */
async function meanBatch(
  client: mongoose.mongo.MongoClient,
  id: string,
  work: () => Promise<number>,
): Promise<number> {
  const began = new Date();
  const count = await work();
  const found = { operation: new mongoose.mongo.ObjectId(id), received_at: { $gte: began } };
  const times = await client.db().collection('results').distinct('received_at', found);
  return Math.round(count / Math.max(1, times.length));
}

type Row = Pick<BoundCost, 'what' | 'perSecond' | 'serverUs' | 'databaseUs'>;

/** The first round of each warms up. */
async function inTurn(sides: readonly Side[], mongod: number): Promise<Row[]> {
  const rounds: Row[] = [];
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const row = await roundOf(side, mongod);
      if (round > 0) rounds.push(row);
    }
  return sides.map(({ what }) => {
    const own = rounds.filter((row) => row.what === what);
    const of = (figure: Exclude<keyof Row, 'what'>) => median(own.map((row) => row[figure]));
    return { what, perSecond: of('perSecond'), serverUs: of('serverUs'), databaseUs: of('databaseUs') };
  });
}

async function roundOf({ what, pid, sends }: Side, mongod: number): Promise<Row> {
  const used = () => Promise.all([processorSeconds(pid), processorSeconds(mongod)]);
  const before = await used();
  const count = await countFor(SECONDS, sends);
  await delay(SETTLE_MS);
  const after = await used();
  const us = (index: 0 | 1) => (1e6 * (after[index] - before[index])) / count;
  return { what, perSecond: count / SECONDS, serverUs: us(0), databaseUs: us(1) };
}
