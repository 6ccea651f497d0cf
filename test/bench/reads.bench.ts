import { randomUUID } from 'node:crypto';
import { connectClassic, type Platform, processorSeconds, registerProbes } from './platform.js';
import { pingWarts } from './warts-sample.js';

const PROBES = 1_000;
const RUNS = 500;
const ROUNDS = 40;
const WARM_UP = 10;

export interface Reading {
  what: string;
  medianMs: number;
  /** of the server, a request */
  processorMs: number;
}

/** What a classic frontend asks for all the time, one request after the other. */
export async function benchReads(platform: Platform): Promise<Reading[]> {
  const [token = ''] = await registerProbes(platform, PROBES);
  const [probe] = await platform.call<{ identifier: string }[]>('GET', '/probes/me');
  const socket = await connectClassic(platform.server.url, token);
  const fill = async (results: number): Promise<string> => {
    const operation = await create(platform, probe?.identifier ?? '');
    for (let n = 0; n < results; n += 1) {
      const message = { operation_id: operation, content: pingWarts(), unique_code: randomUUID() };
      await socket.emitWithAck('results', { ...message, format: 'warts' });
    }
    return operation;
  };
  const rows: Reading[] = [];
  for (let n = 0; n < 20; n += 1) await fill(20);
  rows.push(await measure(platform, 'GET /operations/me, 20 x 20 results', '/operations/me'));
  const large = await fill(RUNS);
  rows.push(await measure(platform, `GET /operation, ${RUNS} results`, `/operation?id=${large}`));
  const native = `/api/v1/operations/${large}/results?limit=100`;
  rows.push(await measure(platform, 'GET .../results, 100 summaries', native));
  rows.push(await measure(platform, 'GET .../results, 100 decoded', `${native}&view=json`));
  rows.push(await measure(platform, `GET /probes, ${PROBES}`, '/probes'));
  socket.disconnect();
  return rows;
}

async function create({ call }: Platform, probe: string): Promise<string> {
  const stop = new Date(Date.now() + 86_400_000);
  const [date = '', clock = ''] = stop.toISOString().split('T');
  const stop_time = `${date.split('-').reverse().join('/')} ${clock.slice(0, 5)}`;
  const params = { ips: ['192.0.2.1'], cron: '* * * * *', stop_time, times_per_minute: 1 };
  return (await call<{ _id: string }>('POST', '/ping', { probes: [probe], params }))._id;
}

async function measure({ call, server }: Platform, what: string, path: string): Promise<Reading> {
  for (let n = 0; n < WARM_UP; n += 1) await call('GET', path);
  const taken: number[] = [];
  const before = await processorSeconds(server.pid);
  for (let n = 0; n < ROUNDS; n += 1) {
    const began = performance.now();
    await call('GET', path);
    taken.push(performance.now() - began);
  }
  const processorMs = (1_000 * ((await processorSeconds(server.pid)) - before)) / ROUNDS;
  return { what, medianMs: taken.sort((a, b) => a - b)[ROUNDS / 2] ?? NaN, processorMs };
}
