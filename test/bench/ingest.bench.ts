import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Socket } from 'socket.io-client';
import { pingWarts } from './warts-sample.js';
import { connectClassic, connectNative, type Platform, registerProbes } from './platform.js';

const PROBES = 20;
/** Results that one probe has on the way at once. */
const IN_FLIGHT = 50;
const BATCH = 50;
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

type Send = () => Promise<number>;

/** Results a second, acknowledged, beside a bare echo of the same bytes. */
export async function benchIngest(platform: Platform, echoUrl: string): Promise<Rate[]> {
  const tokens = await registerProbes(platform, PROBES);
  const rates: Rate[] = [];
  for (const protocol of ['classic warts', 'classic gzip', 'native warts'] as const) {
    const content =
      protocol === 'classic gzip' ? gzipSync('; <<>> DiG <<>> example.org\n'.repeat(40)) : pingWarts();
    const operation = await operationFor(platform, tokens, protocol);
    const own = await rateOf(platform.server.url, tokens, operation, protocol, content);
    const echo = await rateOf(echoUrl, tokens, operation, protocol, content);
    rates.push({ protocol, bytes: content.length, platform: own, echo });
  }
  return rates;
}

async function operationFor(platform: Platform, tokens: string[], protocol: Protocol): Promise<string> {
  const sockets = await connectAll(platform.server.url, tokens, protocol);
  const probes = await platform.call<{ identifier: string }[]>('GET', '/probes/me');
  const times = { cron: '0 0 1 1 *', stop_time: '31/12/2027 00:00', times_per_minute: 1 };
  const { _id } = await platform.call<{ _id: string }>(
    'POST',
    protocol === 'classic gzip' ? '/dns' : '/ping',
    {
      probes: probes.map(({ identifier }) => identifier),
      params: { fqdns: ['example.org'], ...times },
    },
  );
  for (const socket of sockets) socket.disconnect();
  return _id;
}

async function rateOf(
  url: string,
  tokens: string[],
  operation: string,
  protocol: Protocol,
  content: Buffer,
): Promise<number> {
  const sockets = await connectAll(url, tokens, protocol);
  const sends = sockets.flatMap((socket) =>
    protocol === 'native warts'
      ? [nativeSend(socket, operation, content)]
      : Array.from({ length: IN_FLIGHT }, () => classicSend(socket, operation, protocol, content)),
  );
  await countFor(WARM_UP_SECONDS, sends);
  const count = await countFor(SECONDS, sends);
  for (const socket of sockets) socket.disconnect();
  return Math.round(count / SECONDS);
}

function connectAll(url: string, tokens: string[], protocol: Protocol): Promise<Socket[]> {
  return Promise.all(
    tokens.map((token) =>
      protocol === 'native warts' ? connectNative(url, token) : connectClassic(url, token),
    ),
  );
}

async function countFor(seconds: number, sends: Send[]): Promise<number> {
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

function classicSend(socket: Socket, operation_id: string, protocol: Protocol, content: Buffer): Send {
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

let clockTick = Date.now();

function nativeSend(socket: Socket, operation_id: string, content: Buffer): Send {
  const clock = { offset_ms: 0, error_ms: 1, source: 'ntp', age_s: 1 };
  return async () => {
    const items = Array.from({ length: BATCH }, () => {
      clockTick += 1;
      const scheduled_at = new Date(clockTick).toISOString();
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
