import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { RunFailure } from '../runs/failure.js';
import type { HostPolicy } from '../policy/policy.js';

/** Finds the addresses of a name, in the order of preference. */
export type Resolve = (name: string) => Promise<string[]>;

const BOTH_FAMILIES: ReadonlySet<number> = new Set([4, 6]);

const LOOPBACK = ['127.0.0.1', '::1'];

/**
 * The system's resolvers, asked over the network (getaddrinfo would hold a thread of the file system for seconds).
 * IPv4 addresses come first.
 */
export async function resolveBySystem(name: string): Promise<string[]> {
  // RFC 6761: localhost never leaves the host.
  if (/(^|\.)localhost\.?$/i.test(name)) return LOOPBACK;
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}

/** Turns what a user asked for into addresses that the host allows. */
export class TargetGuard {
  /** @param beforeLookup awaited before each question to the resolvers; its time is none of the resolution's */
  constructor(
    private readonly policy: HostPolicy,
    private readonly resolve: Resolve = resolveBySystem,
    private readonly beforeLookup: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /** @throws RunFailure `refused` */
  checked(address: string): string {
    const rule = this.policy.refusal(address);
    if (rule !== null) throw new RunFailure('refused', rule);
    return address;
  }

  /**
   * The first allowed address of a name; an IPv4 address is its own.
   * @param families 4, 6 or both
   * @throws RunFailure `unresolved` without an address, `refused` when the host allows none of them
   */
  async addressOf(name: string, families: ReadonlySet<number> = BOTH_FAMILIES): Promise<string> {
    return (await this.timedAddressOf(name, families, () => () => null)).address;
  }

  /**
   * As addressOf(), with the time that the resolvers took.
   * @param startWatch gives what reads the time
   */
  async timedAddressOf<T>(
    name: string,
    families: ReadonlySet<number>,
    startWatch: () => () => T,
  ): Promise<{ address: string; time: T }> {
    if (isIP(name) === 0) await this.beforeLookup();
    const elapsed = startWatch();
    const found = isIP(name) === 0 ? await this.resolve(name) : [name];
    const time = elapsed();
    const addresses = found.filter((address) => families.has(isIP(address)));
    if (addresses.length === 0) {
      const only = families.size === 1 ? ` IPv${[...families].join('')}` : '';
      throw new RunFailure('unresolved', `${name} has no${only} address`);
    }
    const rules = addresses.map((address) => this.policy.refusal(address));
    const allowed = addresses.find((_, index) => rules[index] === null);
    if (allowed === undefined) throw new RunFailure('refused', `${name}: ${rules[0] ?? ''}`);
    return { address: allowed, time };
  }

  /**
   * Every destination of a run, addresses first, names resolved. One that is refused or unresolved fails the run before any packet.
   * @throws RunFailure `refused`, `unresolved`
   */
  async destinations(params: { ips: readonly string[]; fqdns: readonly string[] }): Promise<string[]> {
    const literal = params.ips.map((address) => this.checked(address));
    const resolved = await Promise.all(params.fqdns.map((name) => this.addressOf(name)));
    return [...literal, ...resolved];
  }
}
