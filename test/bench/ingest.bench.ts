import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Socket } from 'socket.io-client';
import { pingWarts } from './warts-sample.js';
import { connectClassic, connectNative, moveSchedule, type Platform, registerProbes } from './platform.js';

const PROBES = 20;
/** Results that one probe has on the way at once. */
const IN_FLIGHT = 50;
const BATCH = 50;
/** of the native operation, on each probe */
const RUNS = 40_000;
const SECONDS = 6;
const WARM_UP_SECONDS = 2;

export type Protocol = 'classic warts' | 'classic gzip' | 'native warts';

export interface Rate {
  protocol: Protocol;
  bytes: number;
  /** results acknowledged as durable a second */
  platform: number;
  /** the same messages to a bare Socket.IO server that acknowledges at once */
  echo: number;
}

export type Send = () => Promise<number>;

/** Results a second, acknowledged, beside a bare echo of the same bytes. */
export async function benchIngest(platform: Platform, echoUrl: string): Promise<Rate[]> {
  const tokens = await registerProbes(platform, PROBES);
  const rates: Rate[] = [];
  for (const protocol of ['classic warts', 'classic gzip', 'native warts'] as const) {
    const content = contentOf(protocol);
    const operation = await operationFor(platform, tokens, protocol);
    const own = await rateOf(platform.server.url, tokens, operation, protocol, content);
    const echo = await rateOf(echoUrl, tokens, operation, protocol, content);
    rates.push({ protocol, bytes: content.length, platform: own, echo });
  }
  return rates;
}

export function contentOf(protocol: Protocol): Buffer {
  return protocol === 'classic gzip' ? gzipSync('; <<>> DiG <<>> example.org\n'.repeat(40)) : pingWarts();
}

interface BenchOperation {
  id: string;
  /** when its first run is due, milliseconds since 1970 */
  start: number;
}

/**
 * Half an hour of classic runs, or a run every second: each result finds its run, and is marked. The native runs were due before.
 */
export async function operationFor(
  platform: Platform,
  tokens: string[],
  protocol: Protocol,
): Promise<BenchOperation> {
  const sockets = await connectAll(platform.server.url, tokens, protocol);
  const probes = (await platform.call<{ identifier: string }[]>('GET', '/probes/me')).map(
    ({ identifier }) => identifier,
  );
  const start = Date.now() - 1000;
  if (protocol === 'native warts') {
    const stop = new Date(start + RUNS * 1000).toISOString();
    const { id, schedule } = await platform.call<{ id: string; schedule: { start: string } }>(
      'POST',
      '/api/v1/operations',
      {
        kind: 'ping',
        params: { ips: ['192.0.2.1'] },
        probes,
        schedule: { type: 'interval', every_s: 1, start: new Date(start).toISOString(), stop },
      },
    );
    for (const socket of sockets) socket.disconnect();
    const before = Date.parse(schedule.start) - RUNS * 1000;
    await moveSchedule(platform.server, id, { start: new Date(before) });
    return { id, start: before };
  }
  const stop_time = classicTime(new Date(start + 1_800_000));
  const { _id } = await platform.call<{ _id: string }>(
    'POST',
    protocol === 'classic gzip' ? '/dns' : '/ping',
    { probes, params: { fqdns: ['example.org'], cron: '* * * * *', stop_time, times_per_minute: 1 } },
  );
  for (const socket of sockets) socket.disconnect();
  return { id: _id, start };
}

function classicTime(time: Date): string {
  const [date = '', clock = ''] = time.toISOString().split('T');
  return `${date.split('-').reverse().join('/')} ${clock.slice(0, 5)}`;
}

async function rateOf(
  url: string,
  tokens: string[],
  operation: BenchOperation,
  protocol: Protocol,
  content: Buffer,
): Promise<number> {
  const sockets = await connectAll(url, tokens, protocol);
  const sends = sockets.flatMap((socket) =>
    protocol === 'native warts'
      ? [nativeSend(socket, operation, content)]
      : Array.from({ length: IN_FLIGHT }, () => classicSend(socket, operation.id, protocol, content)),
  );
  await countFor(WARM_UP_SECONDS, sends);
  const count = await countFor(SECONDS, sends);
  for (const socket of sockets) socket.disconnect();
  return Math.round(count / SECONDS);
}

export function connectAll(url: string, tokens: string[], protocol: Protocol): Promise<Socket[]> {
  return Promise.all(
    tokens.map((token) =>
      protocol === 'native warts' ? connectNative(url, token) : connectClassic(url, token),
    ),
  );
}

export async function countFor(seconds: number, sends: Send[]): Promise<number> {
  const end = performance.now() + seconds * 1000;
  const counts = await Promise.all(
    sends.map(async (send) => {
      let count = 0;
      while (performance.now() < end) count += await send();
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

export function classicSend(socket: Socket, operation_id: string, protocol: Protocol, content: Buffer): Send {
  const format = protocol === 'classic gzip' ? 'gzip' : 'warts';
  return async () => {
    const answer: unknown = await socket.emitWithAck('results', {
      operation_id,
      content,
      unique_code: randomUUID(),
      format,
    });
    if (answer !== operation_id) throw new Error(`not stored: ${JSON.stringify(answer)}`);
    return 1;
  };
}

export function nativeSend(
  socket: Socket,
  { id: operation_id, start }: BenchOperation,
  content: Buffer,
): Send {
  const clock = { offset_ms: 0, error_ms: 1, source: 'ntp', age_s: 1 };
  let run = 0;
  return async () => {
    const items = Array.from({ length: BATCH }, () => {
      const scheduled_at = new Date(start + (run % RUNS) * 1000).toISOString();
      run += 1;
      return {
        operation_id,
        scheduled_at,
        started_at: scheduled_at,
        duration_ms: 1,
        clock,
        format: 'warts',
        content,
      };
    });
    const answer = (await socket.emitWithAck('results', items)) as { items: { status: string }[] };
    if (answer.items.some(({ status }) => status !== 'stored')) throw new Error(JSON.stringify(answer));
    return BATCH;
  };
}
