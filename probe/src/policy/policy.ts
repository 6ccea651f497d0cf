import { isIP } from 'node:net';
import {
  canonical,
  contains,
  deniedByDefault,
  type NamedNetwork,
  parseNetwork,
  withEmbedded,
} from './networks.js';

export interface PolicySettings {
  /** Networks that the host allows although they are denied by default. */
  allow: readonly string[];
  /** Networks that the host denies; stronger than `allow`. */
  deny: readonly string[];
  /** If there are any: the only networks that may be measured. */
  only?: readonly string[];
  /** Allows everything that is denied by default. */
  allowPrivate: boolean;
  /** Kinds that the host does not do. */
  denyKinds: readonly string[];
  /** If there are any: the only kinds that the host does. */
  onlyKinds?: readonly string[];
}

/**
 * What the host lets the probe do. The server cannot change it. Every address that a packet would go to is asked for here, after
 * names were resolved.
 */
export class HostPolicy {
  private readonly allowed: readonly NamedNetwork[];
  private readonly denied: readonly NamedNetwork[];
  private readonly only: readonly NamedNetwork[];
  private readonly defaults: readonly NamedNetwork[];
  private readonly deniedKinds: ReadonlySet<string>;
  private readonly onlyKinds: ReadonlySet<string>;

  /** @throws Error with a sentence when a network cannot be read */
  constructor(settings: PolicySettings) {
    this.only = (settings.only ?? []).map(named);
    this.allowed = [...settings.allow.map(named), ...this.only];
    this.denied = settings.deny.map(named);
    this.defaults = settings.allowPrivate ? [] : deniedByDefault;
    this.deniedKinds = new Set(settings.denyKinds);
    this.onlyKinds = new Set(settings.onlyKinds);
  }

  /** The rule that forbids this address, as a sentence; null when it may be measured. */
  refusal(asked: string): string | null {
    if (isIP(asked) === 0 || asked.includes('%')) return `${asked} is no plain IP address`;
    const address = canonical(asked);
    for (const each of withEmbedded(address)) {
      const carried = each.toString() === address ? '' : ` (as ${each.toString()})`;
      const denied = this.denied.find(({ network }) => contains(network, each));
      if (denied !== undefined) return `the host denies ${denied.name}: ${address}${carried}`;
      const rule = this.defaults.find(({ network }) => contains(network, each));
      if (rule !== undefined && !this.allowed.some(({ network }) => contains(network, each))) {
        return `denied by default, ${rule.name}: ${address}${carried}`;
      }
    }
    return this.outside(address);
  }

  /** The rule that forbids this kind; null when it may be done. */
  kindRefusal(kind: string): string | null {
    if (this.deniedKinds.has(kind)) return `the host does not allow the kind ${kind}`;
    if (this.onlyKinds.size === 0 || this.onlyKinds.has(kind)) return null;
    return `the host allows only the kinds ${[...this.onlyKinds].join(', ')}: not ${kind}`;
  }

  private outside(address: string): string | null {
    if (this.only.length === 0) return null;
    const each = withEmbedded(address).find(
      (part) => !this.only.some(({ network }) => contains(network, part)),
    );
    if (each === undefined) return null;
    return `the host allows only ${this.only.map(({ name }) => name).join(', ')}: not ${each.toString()}`;
  }
}

function named(text: string): NamedNetwork {
  return { network: parseNetwork(text), name: text };
}
