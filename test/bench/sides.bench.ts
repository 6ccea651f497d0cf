import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../support/server.js';
import { connectAll, nativeSend, operationFor } from './ingest.bench.js';
import { AS_DELIVERED, makeRich, processorSeconds, registerProbes, SECRET_KEY } from './platform.js';
import { median } from './versus/scenarios.js';
import { pingWarts } from './warts-sample.js';

/** Even: each side begins as often as the other. */
const ROUNDS = 24;
const SENDERS = 20;
/** Of each sender in a round; they hold 50 results. Few, so that what else the machine does meets both sides alike. */
const BATCHES = 2;
const WARM_UP_ROUNDS = 3;
/** What readers of the results do after the last acknowledgement counts as well. */
const SETTLE_MS = 1_000;

export interface SideCost {
  what: string;
  /** results acknowledged as durable a second */
  rate: number;
  /** processor time of the server for each, microseconds */
  processorUs: number;
  /** and of MongoDB */
  databaseUs: number;
  /** the server's, beside the first side's of the same round: the median of all rounds, the least and the most */
  ratio: [median: number, least: number, most: number];
}

/** What rollups cost ingest. */
export const benchRollups = () =>
  benchSides({
    'without rollups': { SERIES_ROLLUPS: 'false' },
    'with rollups': { SERIES_ROLLUPS: 'true' },
  });

/** What the door for clients of RIPE Atlas costs those who do not use it. Neither side keeps rollups, whose work comes in lumps. */
export const benchAtlasDoor = () =>
  benchSides({
    'Atlas door closed': { DOORS: 'globalping', SERIES_ROLLUPS: 'false' },
    'Atlas door open': { DOORS: 'atlas,globalping', SERIES_ROLLUPS: 'false' },
  });

/** The same ingest by two servers in turn, each on its own database. @param environments of the sides, by what they are called */
async function benchSides(environments: Record<string, Record<string, string>>): Promise<SideCost[]> {
  const sides: Side[] = [];
  try {
    for (const [what, env] of Object.entries(environments)) sides.push(await startSide(what, env));
    for (let round = 0; round < ROUNDS; round += 1)
      for (const side of round % 2 === 0 ? sides : [...sides].reverse()) await side.round();
    return sides.map(({ what, rounds }) => costOf(what, rounds, sides[0]?.rounds ?? []));
  } finally {
    for (const { stop } of sides) await stop();
  }
}

interface Round {
  results: number;
  /** until the last was acknowledged */
  seconds: number;
  /** seconds of processor time */
  server: number;
  database: number;
}

interface Side {
  what: string;
  rounds: Round[];
  round: () => Promise<void>;
  stop: () => Promise<void>;
}

async function startSide(what: string, more: Record<string, string>): Promise<Side> {
  const server = await startServer({
    ...{ SECRET_KEY, LOG_LEVEL: 'info', NODE_OPTIONS: AS_DELIVERED },
    ...more,
  });
  const env = { SECRET_KEY, LOG_LEVEL: 'warn', DATA_DIR: server.dataDir };
  const { call } = await makeRich(server, env);
  const tokens = await registerProbes({ call }, SENDERS);
  const operation = await operationFor({ server, call }, tokens, 'native warts');
  const sockets = await connectAll(server.url, tokens, 'native warts');
  const sends = sockets.map((socket) => nativeSend(socket, operation, pingWarts()));
  const database = databaseOf(server.pid);
  const rounds: Round[] = [];
  const round = async () => {
    const before = [await processorSeconds(server.pid), await processorSeconds(database)] as const;
    const began = performance.now();
    const counts = await Promise.all(
      sends.map(async (send) => {
        let count = 0;
        for (let batch = 0; batch < BATCHES; batch += 1) count += await send();
        return count;
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    await delay(SETTLE_MS);
    rounds.push({
      results: counts.reduce((sum, count) => sum + count, 0),
      seconds,
      server: (await processorSeconds(server.pid)) - before[0],
      database: (await processorSeconds(database)) - before[1],
    });
  };
  for (let warm = 0; warm < WARM_UP_ROUNDS; warm += 1) await round();
  rounds.length = 0;
  const stop = async () => {
    for (const socket of sockets) socket.disconnect();
    await server.stop();
  };
  return { what, rounds, round, stop };
}

function costOf(what: string, rounds: readonly Round[], first: readonly Round[]): SideCost {
  const sumOf = (of: keyof Round) => rounds.reduce((sum, round) => sum + round[of], 0);
  const each = ({ server, results }: Round) => server / results;
  const ratios = rounds.map((round, index) => each(round) / each(first[index] ?? round));
  return {
    what,
    rate: sumOf('results') / sumOf('seconds'),
    processorUs: (1e6 * sumOf('server')) / sumOf('results'),
    databaseUs: (1e6 * sumOf('database')) / sumOf('results'),
    ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
  };
}

/** @returns the mongod that a server has started */
function databaseOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const [child] = children;
  if (child === undefined || Number.isNaN(child)) throw new Error('the server has no mongod of its own');
  return child;
}
