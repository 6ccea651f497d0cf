import type { PacketLimits } from '../limits/packets.js';
import { parseRate } from '../limits/rates.js';
import type { UsageLimits } from '../limits/usage.js';
import { HostPolicy, type PolicySettings } from './policy.js';

export interface RuleSettings extends PolicySettings {
  concurrentRuns: number;
  /** For the whole probe; runs at one time share it. */
  packetsPerSecond: number;
  runSeconds: number;
  mibPerDay: number;
  /** Like `ping=60/min`. */
  rate: readonly string[];
}

export interface Limits extends PacketLimits, UsageLimits {
  /** The longest any run may take, in ms. */
  runMs: number;
}

/** What the host allows, and how much of it. */
export interface HostRules {
  policy: HostPolicy;
  limits: Limits;
}

const MIB = 1024 * 1024;

/** @throws Error with a sentence when a network or a rate cannot be read */
export function rulesOf(settings: RuleSettings): HostRules {
  const limits = {
    concurrentRuns: settings.concurrentRuns,
    packetsPerSecond: settings.packetsPerSecond,
    runMs: settings.runSeconds * 1000,
    bytesPerDay: settings.mibPerDay * MIB,
    rates: settings.rate.map(parseRate),
  };
  return { policy: new HostPolicy(settings), limits };
}

/** The rules in force. They may change while the probe runs; a run keeps those under which it began. */
export class LiveRules {
  constructor(private rules: HostRules) {}

  get current(): HostRules {
    return this.rules;
  }

  replace(rules: HostRules): void {
    this.rules = rules;
  }
}
