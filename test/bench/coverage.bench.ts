import { type Socket } from 'socket.io-client';
import { dnsResult } from '../support/native-probe.js';
import { until } from '../support/until.js';
import { connectNative, moveSchedule, type Platform, registerProbes } from './platform.js';

const PROBES = 1000;
const RUNS = 1000;
const BATCH = 100;
/** Probes that deliver at the same time. */
const AT_ONCE = 20;
const QUESTIONS = 20;
const MINUTE_MS = 60_000;
/** The consumers of a million results may be behind so long. */
const FOLLOWED_MS = 20 * MINUTE_MS;

export interface CoverageFigures {
  results: number;
  /** of GET /operations/{id}/coverage, milliseconds */
  medianMs: number;
  worstMs: number;
}

/** The account of an operation whose million results were all delivered by probes, but for those of one run in fifty. */
export async function benchCoverage(platform: Platform): Promise<CoverageFigures> {
  const tokens = await registerProbes(platform, PROBES);
  const probes = (await platform.call<{ identifier: string }[]>('GET', '/probes/me')).slice(-PROBES);
  const { id, schedule } = await platform.call<{ id: string; schedule: { start: string } }>(
    'POST',
    '/api/v1/operations',
    {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      probes: probes.map(({ identifier }) => identifier),
      schedule: {
        type: 'interval',
        every_s: 60,
        stop: new Date(Date.now() + RUNS * MINUTE_MS - 1000).toISOString(),
      },
    },
  );
  const start = Date.parse(schedule.start) - RUNS * MINUTE_MS;
  await moveSchedule(platform.server, id, {
    start: new Date(start),
    stop: new Date(start + RUNS * MINUTE_MS - 1000),
  });
  let results = 0;
  const waiting = [...tokens];
  const deliverer = async () => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
      const socket = await connectNative(platform.server.url, token);
      const delivered = await deliverAll(socket, id, start);
      // not `+= await`: that reads the sum before it waits, and others add to it meanwhile
      results += delivered;
      socket.disconnect();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, deliverer));
  await until(
    'the consumers of the results to be done',
    async () => {
      const { behind } = await platform.call<{ behind: { results: number } }>('GET', '/api/v1/stats');
      return behind.results === 0;
    },
    FOLLOWED_MS,
  );
  const times: number[] = [];
  for (let question = 0; question < QUESTIONS; question += 1) {
    const asked = performance.now();
    const { fates } = await platform.call<{ fates: { received: number } }>(
      'GET',
      `/api/v1/operations/${id}/coverage`,
    );
    times.push(performance.now() - asked);
    if (fates.received !== results) throw new Error(`${fates.received} instead of ${results} results`);
  }
  times.sort((a, b) => a - b);
  return {
    results,
    medianMs: Math.round(times[QUESTIONS / 2] ?? 0),
    worstMs: Math.round(times.at(-1) ?? 0),
  };
}

async function deliverAll(socket: Socket, operation_id: string, start: number): Promise<number> {
  let count = 0;
  for (let first = 0; first < RUNS; first += BATCH) {
    const items = Array.from({ length: BATCH }, (_, n) => first + n)
      .filter((run) => run % 50 !== 49)
      .map((run) => dnsResult(operation_id, new Date(start + run * MINUTE_MS).toISOString()));
    const answer = (await socket.emitWithAck('results', items)) as { items: { status: string }[] };
    if (answer.items.some(({ status }) => status !== 'stored')) throw new Error(JSON.stringify(answer));
    count += items.length;
  }
  return count;
}
