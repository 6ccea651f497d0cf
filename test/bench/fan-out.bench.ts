import { type Socket } from 'socket.io-client';
import { connectClassic, connectNative, type Platform, registerProbes, residentBytes } from './platform.js';

const PROBES = 1000;

export interface FanOut {
  protocol: 'classic' | 'native';
  /** from sending the request to the last probe's receipt, milliseconds */
  lastReceiptMs: number;
  /** what a connected probe costs the server, bytes of resident memory */
  bytesPerProbe: number;
}

/** One operation to 1,000 connected probes. */
export async function benchFanOut(platform: Platform): Promise<FanOut[]> {
  const results: FanOut[] = [];
  for (const protocol of ['classic', 'native'] as const) {
    const tokens = await registerProbes(platform, PROBES);
    const before = residentBytes(platform.server.pid);
    const sockets = await connectAll(platform.server.url, tokens, protocol);
    const bytesPerProbe = Math.round((residentBytes(platform.server.pid) - before) / PROBES);
    // the first one warms up
    await timeOne(platform, sockets, protocol);
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) times.push(await timeOne(platform, sockets, protocol));
    times.sort((a, b) => a - b);
    results.push({ protocol, lastReceiptMs: Math.round(times[2] ?? 0), bytesPerProbe });
    for (const socket of sockets) socket.disconnect();
  }
  return results;
}

async function connectAll(url: string, tokens: string[], protocol: 'classic' | 'native'): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const connect = protocol === 'classic' ? connectClassic : connectNative;
  for (let done = 0; done < tokens.length; done += 50) {
    sockets.push(...(await Promise.all(tokens.slice(done, done + 50).map((token) => connect(url, token)))));
  }
  return sockets;
}

async function timeOne(
  platform: Platform,
  sockets: Socket[],
  protocol: 'classic' | 'native',
): Promise<number> {
  const all = await platform.call<{ identifier: string; connected: boolean }[]>('GET', '/probes');
  const probes = all.filter(({ connected }) => connected).map(({ identifier }) => identifier);
  if (probes.length !== sockets.length)
    throw new Error(`${probes.length} of ${sockets.length} probes are connected`);
  const receipts = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.once(
          protocol === 'classic' ? 'ping' : 'sync',
          (_job: unknown, acknowledge: (answer: object) => void) => {
            if (protocol === 'classic') acknowledge({});
            resolve();
          },
        );
      }),
  );
  const times = { cron: '0 0 1 1 *', stop_time: '31/12/2027 00:00', times_per_minute: 1 };
  const started = performance.now();
  const created = platform.call('POST', '/ping', { probes, params: { ips: ['192.0.2.1'], ...times } });
  await Promise.all([created, ...receipts]);
  return performance.now() - started;
}
