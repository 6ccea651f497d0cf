import { systemClock } from '../../src/clock/clock.js';
import { Authorities, NODES_OWN } from '../../src/host/authorities.js';
import type { RunContext } from '../../src/measuring/kind.js';
import { resolveBySystem } from '../../src/host/lookup.js';
import { type Resolve, type Routes, TargetGuard } from '../../src/measuring/targets.js';
import { PacketPacer } from '../../src/limits/packets.js';
import { HostPolicy } from '../../src/policy/policy.js';

interface Overrides extends Partial<RunContext> {
  /** Networks that the host allows beyond the public Internet. */
  allow?: string[];
  /** What names have for addresses; the system's resolvers know it if absent. */
  resolve?: (name: string) => Promise<string[]>;
  /** What the host's routes are; a route to everywhere if absent. */
  routes?: Routes;
}

const authorities = new Authorities(NODES_OWN);

/** A host with a route to every address. */
export const EVERYWHERE: Routes = {
  missing: () => Promise.resolve(null),
  families: () => Promise.resolve({ ipv4: true, ipv6: true }),
};

/** Resolvers that always answer: a name without addresses has none. */
export function known(addressesOf: (name: string) => Promise<string[]>): Resolve {
  return async (name) => ({ addresses: await addressesOf(name), absent: null, lost: [] });
}

/** What a kind gets to measure with: no scamper, no folder, the loopback allowed, but for what is given. */
export function runContext(overrides: Overrides = {}): RunContext {
  const { allow = ['127.0.0.0/8', '::1/128'], resolve, routes = EVERYWHERE, ...others } = overrides;
  const signal = others.signal ?? new AbortController().signal;
  const limits = { packetsPerSecond: 10_000, concurrentRuns: 1 };
  return {
    targets: new TargetGuard(
      new HostPolicy({ allow, deny: [], allowPrivate: false, denyKinds: [] }),
      resolve === undefined ? resolveBySystem : known(resolve),
      signal,
      undefined,
      routes,
    ),
    clock: systemClock(),
    folder: '/nonexistent',
    packets: new PacketPacer(systemClock(), () => limits).forRun(signal),
    onWire: () => undefined,
    onDestinations: () => undefined,
    scamper: 'none',
    trusted: () => authorities.context,
    signal,
    ...others,
  };
}
