import { isIP } from 'node:net';
import type { Destination } from '@pladmed/protocol';
import { findFamilies, missingRoute } from '../host/routes.js';
import type { Resolved } from '../host/lookup.js';
import { canonical } from '../policy/networks.js';
import type { HostPolicy } from '../policy/policy.js';
import { RunFailure } from '../protocol/failure.js';
import { inParallel } from './parallel.js';

/** Finds the addresses of a name, in the order of preference, of the families 4, 6 or both. */
export type Resolve = (name: string, families: ReadonlySet<number>, signal: AbortSignal) => Promise<Resolved>;

/** What the host's routes say, at the moment of the question. */
export interface Routes {
  /** Why there is none to an address (`no_family`, `EHOSTUNREACH` ...), or null. */
  missing: typeof missingRoute;
  families: typeof findFamilies;
}

const SYSTEM_ROUTES: Routes = { missing: missingRoute, families: findFamilies };

export const BOTH_FAMILIES: ReadonlySet<number> = new Set([4, 6]);

/** Words of the system for an address that it sends nothing to; routers cause some of them as well. */
const CANNOT_SEND: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EACCES',
  'EPERM',
  'EINVAL',
]);

const LOOPBACK = ['127.0.0.1', '::1'];

/** Names of one run that are looked up at once. */
const RESOLVED_AT_ONCE = 64;

/** The longest that a dead resolver takes for one of them. */
const RESOLUTION_MS = 20_000;

/** The longest that looking up the names of a run can honestly take, in ms. */
export function resolutionMs({ fqdns }: { fqdns: readonly string[] }): number {
  return Math.ceil(fqdns.length / RESOLVED_AT_ONCE) * RESOLUTION_MS;
}

/** An address, and whether anything gets there. */
export interface Reached {
  address: string;
  /** Why no packet gets there, in a word; null: there is a route. */
  unreachable: string | null;
}

/** The address that a destination is measured at. */
export interface Found extends Reached {
  /** Which question was not answered, where the other family's answer was used instead. */
  note: string | null;
}

/** A destination as asked for, and what was found. */
export interface Target extends Found {
  destination: string;
  /** Milliseconds; null for an address. */
  resolve_ms: number | null;
}

/** Turns what a user asked for into addresses that the host allows. */
export class TargetGuard {
  /** @param beforeLookup awaited before each question to the resolvers; its time is none of the resolution's */
  constructor(
    private readonly policy: HostPolicy,
    private readonly resolve: Resolve,
    private readonly signal: AbortSignal,
    private readonly beforeLookup: () => Promise<void> = () => Promise.resolve(),
    private readonly routes: Routes = SYSTEM_ROUTES,
  ) {}

  /** @returns the address in its plain form. @throws RunFailure `refused` */
  checked(address: string): string {
    const rule = this.policy.refusal(address);
    if (rule !== null) throw new RunFailure('refused', rule);
    return canonical(address);
  }

  /**
   * The first allowed address of a name that the host has a route to now (RFC 6724, rule 1); an address is its own.
   * @param families 4, 6 or both
   * @param startWatch gives what reads the time that the resolvers took
   * @throws RunFailure `unresolved`, `resolver_failed`; `refused` when the host allows none of its addresses; `bad_params` for an
   * address of another family
   */
  async find<T>(
    host: string,
    families: ReadonlySet<number>,
    startWatch: () => () => T,
  ): Promise<Found & { time: T | null }> {
    if (isIP(host) !== 0) return { ...(await this.findAddress(host, families)), time: null };
    await this.beforeLookup();
    const elapsed = startWatch();
    const resolved = await this.addressesOf(host, families);
    const time = elapsed();
    return { ...(await this.choose(host, families, resolved)), time };
  }

  /**
   * Every destination of a run, addresses first, names resolved. One that is refused or unresolved fails the run before any packet;
   * one without a route does not.
   * @param startWatch gives what reads milliseconds
   * @throws as find()
   */
  async targets(
    { ips, fqdns }: { ips: readonly string[]; fqdns: readonly string[] },
    families: ReadonlySet<number>,
    startWatch: () => () => number,
  ): Promise<Target[]> {
    for (const address of ips) this.checked(address);
    return inParallel(RESOLVED_AT_ONCE, [...ips, ...fqdns], async (destination) => {
      const { time, ...found } = await this.find(destination, families, startWatch);
      return { destination, resolve_ms: time, ...found };
    });
  }

  /**
   * Ends a run of which no packet gets anywhere: asked before it begins, and when all of it is over.
   * @throws RunFailure `no_family` where the host has the other family, else `nothing_sent`
   */
  async requireRoute(found: readonly Reached[]): Promise<void> {
    const [first] = found;
    if (first === undefined || found.some(({ unreachable }) => unreachable === null)) return;
    const isOther =
      found.every(({ unreachable }) => unreachable === 'no_family') && (await this.hasOtherFamily(found));
    const family = `IPv${familyOf(first.address)}`;
    const others = found.length === 2 ? 'other one' : `${found.length - 1} others`;
    const more = found.length === 1 ? '' : `, nor to the ${others}`;
    throw new RunFailure(
      isOther ? 'no_family' : 'nothing_sent',
      `this probe has no ${family} route to ${first.address} (${first.unreachable ?? ''})${more}`,
    );
  }

  /** @returns why no packet gets to an address now (`no_family`, `EHOSTUNREACH` ...), or null */
  missingRoute(address: string): Promise<string | null> {
    return this.routes.missing(address);
  }

  /**
   * Tells an error of this host, which then sent nothing, from the same error that a router caused.
   * @param word of the error with which an attempt ended
   * @returns why nothing was sent to the address; null where the host has a route to it
   */
  async whyUnsent(address: string, word: string): Promise<string | null> {
    return CANNOT_SEND.has(word) ? this.routes.missing(address) : null;
  }

  private async hasOtherFamily(found: readonly Reached[]): Promise<boolean> {
    const { ipv4, ipv6 } = await this.routes.families();
    return found.every(({ address }) => (familyOf(address) === 6 ? ipv4 : ipv6));
  }

  private async findAddress(host: string, families: ReadonlySet<number>): Promise<Found> {
    const address = canonical(host);
    if (!families.has(isIP(address)))
      throw new RunFailure('bad_params', `${host} is not of the address family that was asked for`);
    this.checked(host);
    return { address, unreachable: await this.routes.missing(address), note: null };
  }

  private addressesOf(name: string, families: ReadonlySet<number>): Promise<Resolved> {
    // RFC 6761: localhost never leaves the host.
    if (/(^|\.)localhost\.?$/i.test(name))
      return Promise.resolve({ addresses: LOOPBACK, absent: null, lost: [] });
    return this.resolve(name, families, this.signal);
  }

  private async choose(
    name: string,
    families: ReadonlySet<number>,
    { addresses, absent, lost }: Resolved,
  ): Promise<Found> {
    const usable = addresses.map(canonical).filter((address) => families.has(isIP(address)));
    if (usable.length === 0) throw noAddress(name, families, absent, lost);
    const rules = usable.map((address) => this.policy.refusal(address));
    const allowed = usable.filter((_, index) => rules[index] === null);
    const [first] = allowed;
    if (first === undefined) throw new RunFailure('refused', `${name}: ${rules[0] ?? ''}`);
    for (const address of allowed) {
      if ((await this.routes.missing(address)) !== null) continue;
      const preferred = isIP(address) === 6 ? lost.find(({ family }) => family === 4) : undefined;
      return { address, unreachable: null, note: preferred?.detail ?? null };
    }
    if (lost.length > 0) throw noAnswer(name, lost);
    return { address: first, unreachable: await this.routes.missing(first), note: null };
  }
}

/** @returns 4 or 6, also of an address with a zone */
export function familyOf(address: string): number {
  return isIP(address.split('%')[0] ?? '');
}

function noAddress(
  name: string,
  families: ReadonlySet<number>,
  absent: Resolved['absent'],
  lost: Resolved['lost'],
): RunFailure {
  // A name that is not there has no address of any type (RFC 8020), whatever became of the other question.
  if (lost.length > 0 && absent !== 'NXDOMAIN') return noAnswer(name, lost);
  const only = families.size === 1 ? ` IPv${[...families].join('')}` : '';
  return new RunFailure(
    'unresolved',
    `${name} has no${only} address${absent === null ? '' : ` (${absent})`}`,
  );
}

function noAnswer(name: string, lost: Resolved['lost']): RunFailure {
  return new RunFailure('resolver_failed', `${name}: ${lost.map(({ detail }) => detail).join('; ')}`);
}

/** What the result says of a destination. @param error why it was not measured all the same */
export function destinationOf(target: Target, error: string | null): Destination {
  const { destination, address, resolve_ms, unreachable, note } = target;
  return {
    destination,
    address,
    resolve_ms,
    error: unreachable ?? error,
    ...(note !== null && { note: note.slice(0, 256) }),
  };
}
