import { type ClockEstimate, type Destination } from '@pladmed/protocol';
import { type Summary } from '../formats/summary.js';
import { type KindName } from '../kinds/index.js';
import { type Schedule } from '../schedule/schedule.js';

/** The format of results that firmware 5000 and later writes; sagan refuses a result without one. */
const FIRMWARE = 5080;

/** Seconds between 1900, where NTP counts from, and 1970 (RFC 5905, figure 4). */
export const NTP_EPOCH_S = 2_208_988_800;

/** How Atlas calls our kinds. */
export const ATLAS_TYPES = {
  ping: 'ping',
  traceroute: 'traceroute',
  dns: 'dns',
  http: 'http',
  tls: 'sslcert',
  ntp: 'ntp',
} as const satisfies Partial<Record<KindName, string>>;

/** Kinds that Atlas has a type for. */
export type AtlasKind = keyof typeof ATLAS_TYPES;
export type AtlasType = (typeof ATLAS_TYPES)[AtlasKind];

/** A result of Atlas, or a part of one; what is undefined is absent. */
export type Members = Record<string, unknown>;

/** What is asked of a result to show it. */
export interface RunResult {
  outcome: 'stored' | 'failed';
  received_at: Date;
  scheduled_at?: Date | undefined;
  /** by the probe's clock, uncorrected */
  started_at?: Date | undefined;
  duration_ms?: number | undefined;
  clock?: ClockEstimate | undefined;
  destinations?: Destination[] | undefined;
  summary?: Summary[] | undefined;
  /** of a failed run */
  failure?: { reason: string; detail: string } | undefined;
}

/** What is asked of an operation to show its results. */
export interface Measured {
  number: number;
  kind: string;
  params: Record<string, unknown>;
  schedule: Schedule;
  runs_per_probe: number;
}

/** A run with what the platform knows of its operation and probe. */
export interface Run {
  /** number of the operation */
  msm: number;
  /** number of the probe */
  prb: number;
  kind: AtlasKind;
  /** of the operation, as they were checked */
  params: Record<string, unknown>;
  /** seconds from one run to the next; undefined: there is one run */
  stepS: number | undefined;
  /** of the probe's program; undefined: it did not say */
  version: string | undefined;
  result: RunResult;
  /** of the raw bytes; absent: nothing was brought */
  format?: string | undefined;
}

/** @returns the kind, where Atlas has a type for it */
export function atlasKind({ kind }: Pick<Measured, 'kind'>): AtlasKind | undefined {
  return Object.hasOwn(ATLAS_TYPES, kind) ? (kind as AtlasKind) : undefined;
}

/** @returns seconds from one run to the next, of a cron schedule the mean; null: there is one run */
export function intervalOf({
  schedule,
  runs_per_probe,
}: Pick<Measured, 'schedule' | 'runs_per_probe'>): number | null {
  if (schedule.type === 'once') return null;
  if (schedule.type === 'interval') return schedule.every_s;
  const span = (schedule.stop.getTime() - schedule.start.getTime()) / 1000;
  return Math.max(1, Math.round(span / Math.max(1, runs_per_probe)));
}

/** By the probe's own clock, uncorrected: of what was not begun the time at which it was due, or came. */
export function timeOf({ started_at, scheduled_at, received_at }: RunResult): Date {
  return started_at ?? scheduled_at ?? received_at;
}

/** The members that results of all types have. */
export function commonMembers({ msm, prb, kind, stepS, version, result }: Run): Members {
  const type = ATLAS_TYPES[kind];
  return {
    fw: FIRMWARE,
    mver: `pladmed-${version ?? 'unknown'}`,
    lts: secondsSinceSync(result),
    msm_id: msm,
    msm_name: type.charAt(0).toUpperCase() + type.slice(1),
    prb_id: prb,
    timestamp: wholeSeconds(timeOf(result)),
    stored_timestamp: wholeSeconds(result.received_at),
    // no probe's public address is kept
    from: '',
    type,
    step: stepS,
  };
}

function secondsSinceSync({ clock }: RunResult): number {
  const age = clock?.age_s ?? null;
  return age === null ? -1 : Math.round(age);
}

export function wholeSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** @returns the family of an address; undefined: there is none */
export function familyOf(address: unknown): 4 | 6 | undefined {
  if (typeof address !== 'string') return undefined;
  return address.includes(':') ? 6 : 4;
}

/** @returns the family that was asked for; undefined: either */
export function askedFamily({ params }: Pick<Run, 'params'>): 4 | 6 | undefined {
  const [ipv4, ipv6] = ['ipv4', 'ipv6'].map((name) => Object.hasOwn(params, name));
  if (ipv4 === ipv6) return undefined;
  return ipv4 ? 4 : 6;
}

/** Null is absent in Atlas. */
export function orAbsent<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

export function numberIn(members: Members, name: string): number | undefined {
  const value = members[name];
  return typeof value === 'number' ? value : undefined;
}

export function textIn(members: Members, name: string): string | undefined {
  const value = members[name];
  return typeof value === 'string' ? value : undefined;
}

export function membersIn(members: Members, name: string): Members[] {
  const value = members[name];
  return Array.isArray(value) ? value.filter(isMembers) : [];
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
