import { setTimeout as delay } from 'node:timers/promises';
import { FakeGlobalpingProbe, PING, type Request } from '../support/globalping-probe.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { makeRich, SECRET_KEY, startScript } from './platform.js';

const ROUNDS = 60;
const WARM_UP = 10;
/** Between two readings of one client. */
const LOOK_MS = 2;

/** When a probe says something of a ping, ms after it was let begin. */
interface Work {
  what: string;
  progressMs: number;
  resultMs: number;
}

const WORKS: readonly Work[] = [
  // three packets half a second apart, as the probe sends them, to a host that is 100 ms away
  { what: 'a ping of three packets', progressMs: 100, resultMs: 1_100 },
  { what: 'a test that takes no time', progressMs: 0, resultMs: 0 },
];

/** Medians of paired rounds, ms. */
export interface Relayed {
  what: string;
  until: string;
  platformMs: number;
  relayMs: number;
  /** of the medians */
  ratio: number;
}

interface Times {
  answered: number;
  progress: number;
  result: number;
}

/** One end of both: a client and a probe in this process, a server between them in another. */
interface Side {
  url: string;
  token?: string;
  probe: FakeGlobalpingProbe;
}

/** What the door for Globalping adds to a measurement, beside a relay that hands on the same messages. */
export async function benchGlobalping(): Promise<Relayed[]> {
  // each reading comes from an address of its own: nobody may read one measurement so often
  const env = { SECRET_KEY, TRUST_PROXY: '1', GLOBALPING_TESTS_PER_HOUR: '1000000' };
  const server = await startServer({ ...env, LOG_LEVEL: 'info' });
  const relay = await startScript('globalping-relay.ts');
  try {
    return await compare(server, env, relay.url);
  } finally {
    relay.stop();
    await server.stop();
  }
}

async function compare(server: TestServer, env: Record<string, string>, relay: string): Promise<Relayed[]> {
  const { call, token } = await makeRich(server, { ...env, DATA_DIR: server.dataDir });
  const registered = await call<{ token: string }>('POST', '/api/v1/probes', {
    location: { longitude: 0, latitude: 0 },
  });
  let work: Work = { what: '', progressMs: 0, resultMs: 0 };
  const connect = async (url: string, own: string): Promise<FakeGlobalpingProbe> => {
    const probe: FakeGlobalpingProbe = await FakeGlobalpingProbe.connect(url, own, {
      answer: (request) => {
        void measure(probe, request, work);
        return undefined;
      },
    });
    return probe;
  };
  const platform: Side = { url: server.url, token, probe: await connect(server.url, registered.token) };
  const bare: Side = { url: relay, probe: await connect(relay, 'none') };
  await until('the probe is ready', async () => {
    const listed = (await (await fetch(`${server.url}/v1/probes`)).json()) as unknown[];
    return listed.length === 1;
  });
  const rows: Relayed[] = [];
  try {
    for (work of WORKS) rows.push(...(await rounds(platform, bare, work.what)));
  } finally {
    platform.probe.close();
    bare.probe.close();
  }
  return rows;
}

/** In turns: what drifts on the machine falls on both. */
async function rounds(platform: Side, bare: Side, what: string): Promise<Relayed[]> {
  const [own, other]: [Times[], Times[]] = [[], []];
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const isFirst = round % 2 === 0;
    const first = await oneMeasurement(isFirst ? platform : bare);
    const second = await oneMeasurement(isFirst ? bare : platform);
    if (round < 0) continue;
    own.push(isFirst ? first : second);
    other.push(isFirst ? second : first);
  }
  return (['answered', 'progress', 'result'] as const).map((moment) => {
    const [platformMs, relayMs] = [medianOf(own, moment), medianOf(other, moment)];
    return { what, until: moment, platformMs, relayMs, ratio: platformMs / relayMs };
  });
}

/** The probe's own work. */
async function measure(probe: FakeGlobalpingProbe, request: Request, work: Work): Promise<void> {
  const { measurementId, testId } = request;
  const say = (rawOutput: string) => {
    const progress = { measurementId, testId, overwrite: false, result: { rawOutput } };
    probe.socket.emit('probe:measurement:progress', progress);
  };
  const [first = '', rest = ''] = PING.rawOutput.split('\n', 2);
  if (work.progressMs > 0) await delay(work.progressMs);
  say(`${first}\n`);
  if (work.resultMs > work.progressMs) {
    await delay((work.resultMs - work.progressMs) / 2);
    say(rest);
    await delay((work.resultMs - work.progressMs) / 2);
  }
  probe.result(request, PING);
}

let readers = 0;

async function oneMeasurement({ url, token }: Side): Promise<Times> {
  const began = performance.now();
  const since = () => performance.now() - began;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const created = await fetch(`${url}/v1/measurements`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify({ type: 'ping', target: 'example.org', inProgressUpdates: true }),
  });
  const body = (await created.json()) as { id?: string };
  if (body.id === undefined) throw new Error(`it was not created: ${JSON.stringify(body)}`);
  const answered = since();
  let progress = NaN;
  for (;;) {
    readers += 1;
    const from = `10.${readers >> 16}.${(readers >> 8) & 255}.${readers & 255}`;
    const read = await fetch(`${url}/v1/measurements/${body.id}`, { headers: { 'x-forwarded-for': from } });
    const { status, results } = (await read.json()) as {
      status: string;
      results: [{ result: { rawOutput: string } }];
    };
    if (Number.isNaN(progress) && results[0].result.rawOutput !== '') progress = since();
    if (status === 'finished') return { answered, progress, result: since() };
    await delay(LOOK_MS);
  }
}

function medianOf(times: readonly Times[], moment: keyof Times): number {
  const sorted = times.map((each) => each[moment]).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
