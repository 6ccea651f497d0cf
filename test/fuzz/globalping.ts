/**
 * Hostile probes and clients at the door for Globalping of a server of its own, for SECONDS=180 with SEED=1: make fuzz-globalping. Nothing that
 * they send may end the server, be answered with 5xx, be a mistake of ours in its log, or keep an honest probe's runs from their fates.
 */
import fc from 'fast-check';
import { fork } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { makeRich, SECRET_KEY } from '../bench/platform.js';
import { FakeGlobalpingProbe, PING, type Request } from '../support/globalping-probe.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { type Told } from './honest-probe.js';

const SECONDS = Number(process.argv[2] ?? 180);
const SEED = Number(process.argv[3] ?? 1);
const EVENTS = [
  ...[
    'probe:status:update',
    'probe:isIPv4Supported:update',
    'probe:isIPv6Supported:update',
    'probe:dns:update',
  ],
  ...[
    'probe:stats:report',
    'probe:measurement:ack',
    'probe:measurement:progress',
    'probe:measurement:result',
  ],
  ...['probe:alt-ips', 'probe:logs', 'probe:adoption:ready', 'disconnect', 'error', 'unheard-of'],
];
const HUGE = 300_000;

let drawn = 0;
/** Another one with each call, the same with the same SEED. */
function draw<T>(arbitrary: fc.Arbitrary<T>): T {
  drawn += 1;
  const [value] = fc.sample(arbitrary, { numRuns: 1, seed: SEED * 1_000_003 + drawn });
  return value as T;
}
const oneOf = <T>(...values: readonly T[]): T => values[draw(fc.nat(values.length - 1))] as T;

const text = () =>
  oneOf(
    '',
    'ready',
    'undefined',
    '\u0000',
    '\ud800',
    '__proto__',
    '$gt',
    'x'.repeat(HUGE),
    draw(fc.string({ unit: 'binary' })),
  );
const value = (): unknown =>
  oneOf<() => unknown>(
    () => draw(fc.jsonValue()),
    text,
    () => null,
    () => undefined,
    () => draw(fc.double()),
    () => Buffer.alloc(draw(fc.nat(1000))),
    () => JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown,
    () => Array<number>(draw(fc.nat(50_000))).fill(0),
    () => ({ [text().slice(0, 50)]: draw(fc.jsonValue()) }),
  )();

/** Of nothing there is no JSON text, whatever the type says. */
const jsonOf = (of: unknown) => (JSON.stringify(of) as string | undefined) ?? '';

/** Of what has to be written into a URL. */
const wellFormed = (value: string) => value.replaceAll(/\p{Surrogate}/gu, '');

/** A message with a few members replaced, taken away or added. */
function mutated(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || draw(fc.nat(9)) === 0) return value();
  const copy: Record<string, unknown> = { ...(message as Record<string, unknown>) };
  const names = Object.keys(copy);
  const name = names.length > 0 ? oneOf(...names) : 'a';
  switch (draw(fc.nat(3))) {
    case 0:
      copy[name] = value();
      break;
    case 1:
      Reflect.deleteProperty(copy, name);
      break;
    case 2:
      // `__proto__` as well: a member, and not another prototype
      Object.defineProperty(copy, text().slice(0, 40), { value: value(), enumerable: true });
      break;
    default:
      copy[name] = mutated(copy[name]);
  }
  return copy;
}

async function hostileHandshake(url: string, token: string): Promise<void> {
  const query: Record<string, string> = { version: '0.50.2', uuid: 'x', adoptionToken: token };
  for (let count = draw(fc.nat(3)); count > 0; count -= 1)
    query[oneOf('version', 'uuid', 'adoptionToken', 'EIO', 'isHardware', '__proto__', 'a[b]')] = wellFormed(
      text().slice(0, 6_000),
    );
  const socket = io(`${url}/probes`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    query,
  });
  await Promise.race([
    new Promise((settle) => socket.once('connect', settle as () => void)),
    new Promise((settle) => socket.once('connect_error', settle)),
    new Promise((settle) => socket.once('disconnect', settle)),
    delay(2_000),
  ]);
  socket.close();
}

function hostileMessage(probe: FakeGlobalpingProbe, known: readonly Request[]): void {
  const { measurementId, testId } =
    known.length > 0 ? oneOf(...known) : { measurementId: 'f'.repeat(24), testId: '0' };
  const progress = { measurementId, testId, overwrite: oneOf(true, false), result: { rawOutput: text() } };
  const result = { measurementId, testId, result: draw(fc.nat(1)) === 0 ? PING : mutated(PING) };
  const stats = { cpu: { load: [{ usage: 1 }] }, jobs: { count: 1 } };
  const event = oneOf(...EVENTS.slice(0, -3), EVENTS.at(-1) ?? '');
  const message = oneOf<unknown>(
    progress,
    result,
    mutated(progress),
    mutated(result),
    mutated(stats),
    value(),
  );
  // a flood of small ones: of large ones the loopback alone would be the bound
  const isSmall = jsonOf(message).length < 2_000;
  const times = isSmall && draw(fc.nat(40)) === 0 ? 500 : 1;
  for (let count = 0; count < times; count += 1) {
    if (draw(fc.nat(3)) === 0) probe.socket.emit(event, message, () => undefined);
    else if (draw(fc.nat(5)) === 0) probe.socket.emit(event, message, value(), value());
    else probe.socket.emit(event, message);
  }
}

const REQUESTS = [
  {
    type: 'ping',
    target: 'example.org',
    limit: 1,
    locations: [{ magic: 'world' }],
    measurementOptions: { packets: 3 },
  },
  {
    type: 'dns',
    target: 'example.org',
    measurementOptions: { query: { type: 'A' }, resolver: '9.9.9.9', port: 53 },
  },
  {
    type: 'http',
    target: 'example.org',
    measurementOptions: { request: { method: 'HEAD', path: '/', headers: { a: 'b' } } },
  },
  {
    type: 'mtr',
    target: '9.9.9.9',
    timeout: 10,
    inProgressUpdates: true,
    locations: [{ country: 'FR', limit: 2 }],
  },
  {
    type: 'traceroute',
    target: '9.9.9.9',
    measurementOptions: { protocol: 'UDP' },
    locations: 'A'.repeat(24),
  },
];

/** On a connection of its own: one that waits for the next request may be closed under it. */
async function sent(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<{ status: number; answer: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, answer: Buffer.concat(parts).toString() });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function hostileRequest(url: string, token: string): Promise<string | undefined> {
  let body: unknown = oneOf(...REQUESTS);
  for (let count = draw(fc.nat(3)); count > 0; count -= 1) body = mutated(body);
  const bytes = draw(fc.nat(9)) === 0 ? text() : jsonOf(body);
  const method = oneOf('POST', 'POST', 'POST', 'GET', 'PUT', 'OPTIONS', 'DELETE', 'PATCH');
  const path = oneOf(
    '/v1/measurements',
    '/v1/measurements',
    `/v1/measurements/${encodeURIComponent(wellFormed(text().slice(0, 99)))}`,
    '/v1/probes',
    '/v1/limits',
    '/v1/spec.yaml',
    '/v1',
    '/v1/x',
    '/V1/measurements/',
  );
  const headers = {
    ...(draw(fc.nat(3)) > 0 && { authorization: `Bearer ${token}` }),
    ...(draw(fc.nat(5)) === 0 && {
      'content-type': oneOf('text/plain', 'multipart/form-data', 'application/xml'),
    }),
    ...(draw(fc.nat(9)) === 0 && { 'content-encoding': oneOf('gzip', 'br', 'deflate', 'x') }),
    ...(draw(fc.nat(5)) === 0 && { 'accept-encoding': oneOf('br', 'br;q=x', '*;q=0', '') }),
  };
  const withBody = !['GET', 'OPTIONS', 'DELETE'].includes(method);
  const { status, answer } = await sent(url + path, method, headers, withBody ? bytes : undefined);
  const what = `${method} ${path.slice(0, 60)} ${bytes.slice(0, 300)}`;
  if (status >= 500) return `${status} for ${what}: ${answer}`;
  if (status < 400) return undefined;
  const members = Object.keys((JSON.parse(answer) as object | null) ?? {});
  return members.join() === 'error'
    ? undefined
    : `another form of error for ${what}: ${answer.slice(0, 200)}`;
}

/** @returns the tests that it has begun, and why its connection has ended, as far as it has told that */
async function honestProbe(url: string, token: string) {
  const child = fork(new URL('honest-probe.ts', import.meta.url), [url, token]);
  const begun: Request[] = [];
  const seen: { ended?: string } = {};
  const connected = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`the honest probe ended with ${String(code)}`));
    });
    child.on('message', (told: Told) => {
      if (told.what === 'connected') resolve();
      else if (told.what === 'begun') begun.push(told.request);
      else seen.ended = told.reason;
    });
  });
  await connected;
  return { begun, seen, close: () => child.kill() };
}

async function main(): Promise<string[]> {
  const env = { SECRET_KEY, GLOBALPING_TESTS_PER_HOUR: '1000000000', LOG_LEVEL: 'info' };
  const server = await startServer(env);
  const faults: string[] = [];
  const count = { handshakes: 0, messages: 0, requests: 0 };
  try {
    const { call, token } = await makeRich(server, { ...env, DATA_DIR: server.dataDir });
    const register = () =>
      call<{ id: string; token: string }>('POST', '/api/v1/probes', {
        location: { longitude: 2, latitude: 48 },
      });
    const [honest, hostile] = [await register(), await register()];
    const good = await honestProbe(server.url, honest.token);
    const stop = new Date(Date.now() + (SECONDS + 3_600) * 1000).toISOString();
    const periodic = {
      kind: 'ping',
      params: { ips: ['9.9.9.9'] },
      schedule: { type: 'interval', every_s: 2, stop },
    };
    const { id } = await call<{ id: string }>('POST', '/api/v1/operations', {
      ...periodic,
      probes: [honest.id],
    });
    await call('POST', '/api/v1/operations', { ...periodic, probes: [hostile.id] });
    const end = performance.now() + SECONDS * 1000;
    let bad: FakeGlobalpingProbe | undefined;
    while (performance.now() < end && !server.log.some((line) => line.includes('"level":60'))) {
      if (bad?.ended !== undefined || bad === undefined) {
        bad?.close();
        bad = await FakeGlobalpingProbe.connect(server.url, hostile.token, { answer: () => undefined }).catch(
          async () => {
            await delay(500);
            return undefined;
          },
        );
      }
      const known = [...good.begun.slice(-5), ...(bad?.begun.slice(-5) ?? [])];
      for (let messages = 0; bad !== undefined && messages < 20; messages += 1) {
        hostileMessage(bad, known);
        count.messages += 1;
      }
      const fault = await hostileRequest(server.url, token).catch(
        (error: unknown) => `no answer: ${String((error as Error).cause ?? error)}`,
      );
      count.requests += 1;
      if (fault !== undefined) faults.push(fault);
      if (draw(fc.nat(5)) === 0) {
        await hostileHandshake(server.url, oneOf(hostile.token, 'x.y.z', wellFormed(text().slice(0, 3_000))));
        count.handshakes += 1;
      }
    }
    bad?.close();
    await call('POST', `/api/v1/operations/${id}/stop`, {});
    // it is asked for measurements of clients as well: those of the operation are counted
    const fates = await until('each run of the honest probe has ended', async () => {
      const coverage = await call<{ fates: Record<string, number> }>(
        'GET',
        `/api/v1/operations/${id}/coverage`,
      );
      return coverage.fates['awaited'] === 0 && coverage.fates;
    });
    if (fates['failed'] !== 0)
      faults.push(
        `runs of the honest probe failed: ${JSON.stringify(fates)}, its connection: ${good.seen.ended ?? 'stood'}`,
      );
    console.log(`SEED=${SEED}: ${JSON.stringify({ ...count, honest: fates })}`);
    good.close();
  } catch (error) {
    faults.push(String(error), ...server.log.slice(-10));
  } finally {
    faults.push(...server.log.filter((line) => /"level":(50|60|"error"|"fatal")/.test(line)).slice(0, 20));
    await server.stop().catch((error: unknown) => faults.push(String(error)));
  }
  return faults;
}

const faults = await main();
for (const fault of faults.slice(0, 30)) console.error(fault);
console.log(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
