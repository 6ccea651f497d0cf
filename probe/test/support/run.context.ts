import { systemClock } from '../../src/clock/clock.js';
import type { RunContext } from '../../src/kinds/kind.js';
import { type Resolve, TargetGuard } from '../../src/kinds/targets.js';
import { PacketPacer } from '../../src/limits/packets.js';
import { HostPolicy } from '../../src/policy/policy.js';

interface Overrides extends Partial<RunContext> {
  /** Networks that the host allows beyond the public Internet. */
  allow?: string[];
  /** What names have for addresses; the system's resolvers know it if absent. */
  resolve?: Resolve;
}

/** What a kind gets to measure with: no scamper, no folder, the loopback allowed, but for what is given. */
export function runContext(overrides: Overrides = {}): RunContext {
  const { allow = ['127.0.0.0/8', '::1/128'], resolve, ...others } = overrides;
  const signal = others.signal ?? new AbortController().signal;
  const limits = { packetsPerSecond: 10_000, concurrentRuns: 1 };
  return {
    targets: new TargetGuard(
      new HostPolicy({ allow, deny: [], allowPrivate: false, denyKinds: [] }),
      resolve,
    ),
    clock: systemClock(),
    folder: '/nonexistent',
    packets: new PacketPacer(systemClock(), () => limits).forRun(signal),
    onWire: () => undefined,
    scamper: 'none',
    signal,
    ...others,
  };
}
