import { type Format } from '../formats/format.js';
import { dns } from './dns/dns.kind.js';
import { http } from './http/http.kind.js';
import type { Kind } from './kind.js';
import { mtr } from './mtr/mtr.kind.js';
import { ntp } from './ntp/ntp.kind.js';
import { ping } from './ping/ping.kind.js';
import { tls } from './tls/tls.kind.js';
import { traceroute } from './traceroute/traceroute.kind.js';

/** The one list of kinds: a new one is a folder and a line here. */
const ALL = { ping, traceroute, dns, http, tls, ntp, mtr };

export type KindName = keyof typeof ALL;

export const KINDS: { readonly [Name in KindName]: Kind<Name> } = ALL;

export const KIND_NAMES = Object.keys(ALL) as KindName[];

/** What an entry of a summary has for a `type`: the name of its kind, or `trace`. */
export type SummaryType = Exclude<KindName, 'traceroute'> | 'trace';

export function summaryTypeOf(kind: KindName): SummaryType {
  return kind === 'traceroute' ? 'trace' : kind;
}

/** What native probes send. */
export type KindFormat = { [Name in KindName]: keyof (typeof ALL)[Name]['formats'] }[KindName];

export const KIND_FORMATS = Object.assign(
  {},
  ...Object.values(KINDS).map(({ formats }) => formats),
) as Readonly<Record<KindFormat, Format>>;

/** Object.hasOwn and not `in`: 'constructor' is no kind. */
export function isKindName(value: unknown): value is KindName {
  return typeof value === 'string' && Object.hasOwn(ALL, value);
}
