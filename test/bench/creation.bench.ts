import { type Platform, registerProbes } from './platform.js';

const DESTINATIONS = [1, 100, 1000];
const ROUNDS = 41;
/** Creations of one destination that are on their way at the same time. */
const AT_ONCE = 32;
const SECONDS = 4;

export interface Creation {
  what: string;
  medianMs: number;
  p95Ms: number;
  perSecond: number;
}

/** How long an operation takes to be created: its answer says that it is durable. One user, one probe that is away. */
export async function benchCreation(platform: Platform): Promise<Creation[]> {
  await registerProbes(platform, 1);
  const [probe] = await platform.call<{ identifier: string }[]>('GET', '/probes/me');
  if (probe === undefined) throw new Error('there is no probe');
  const create = (destinations: number, first: number) =>
    platform.call('POST', '/api/v1/operations', {
      kind: 'ping',
      params: { ips: Array.from({ length: destinations }, (_, n) => addressOf(first + n)) },
      schedule: { type: 'once' },
      probes: [probe.identifier],
    });
  const rows: Creation[] = [];
  for (const destinations of DESTINATIONS) {
    await timed(5, () => create(destinations, 0));
    const times = await timed(ROUNDS, () => create(destinations, 0));
    rows.push(rowOf(`${destinations} destinations, one after the other`, times));
  }
  rows.push(await atOnce('one target, 32 at a time', () => create(1, 0)));
  let next = 0;
  rows.push(await atOnce('a target each, 32 at a time', () => create(1, (next += 1))));
  return rows;
}

async function timed(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const began = performance.now();
    await work();
    taken.push(performance.now() - began);
  }
  return taken.sort((a, b) => a - b);
}

async function atOnce(what: string, work: () => Promise<unknown>): Promise<Creation> {
  const end = performance.now() + SECONDS * 1000;
  const taken = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const own: number[] = [];
      while (performance.now() < end) own.push(...(await timed(1, work)));
      return own;
    }),
  );
  const times = taken.flat().sort((a, b) => a - b);
  return { ...rowOf(what, times), perSecond: times.length / SECONDS };
}

function rowOf(what: string, times: number[]): Creation {
  const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? NaN;
  return { what, medianMs: at(0.5), p95Ms: at(0.95), perSecond: 1000 / at(0.5) };
}

/** From the network that is there for benchmarks (RFC 2544). */
function addressOf(n: number): string {
  return `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`;
}
