import { systemClock } from '../../src/clock/clock.js';
import type { RunContext } from '../../src/kinds/kind.js';
import { type Resolve, TargetGuard } from '../../src/kinds/targets.js';
import { HostPolicy } from '../../src/policy/policy.js';

interface Overrides {
  /** Networks that the host allows beyond the public Internet. */
  allow?: readonly string[];
  /** What names have for addresses. */
  resolve?: Resolve;
  policy?: HostPolicy;
  signal?: AbortSignal;
}

/** What a run gets: this host may be measured, unless it is said otherwise. */
export function runContext({
  allow = ['127.0.0.0/8', '::1/128'],
  resolve,
  policy,
  signal,
}: Overrides = {}): RunContext {
  const host = policy ?? new HostPolicy({ allow, deny: [], allowPrivate: false, denyKinds: [] });
  return {
    targets: new TargetGuard(host, resolve),
    clock: systemClock(),
    folder: '/nonexistent',
    packetsPerSecond: 1,
    scamper: 'none',
    signal: signal ?? new AbortController().signal,
  };
}
