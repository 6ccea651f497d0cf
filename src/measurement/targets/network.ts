import ipaddr from 'ipaddr.js';

/**
 * What a destination is counted as: an address in the form of RFC 5952 (one of IPv4 inside IPv6 as IPv4), or a name in lower
 * case without the root's dot. The server resolves no names: a name and its address are two targets.
 * @param host an address or a name that was checked, in brackets or not
 */
export function targetOf(host: string): string {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (ipaddr.isValid(bare)) return ipaddr.process(bare).toString();
  const name = bare.toLowerCase();
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}

/** Strikes nobody but the host of the probe itself. @param target as targetOf() gives it */
export function isLoopback(target: string): boolean {
  if (ipaddr.isValid(target)) return ipaddr.parse(target).range() === 'loopback';
  return target === 'localhost' || target.endsWith('.localhost');
}
