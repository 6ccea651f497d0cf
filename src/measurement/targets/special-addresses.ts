import ipaddr from 'ipaddr.js';

/** Networks that ipaddr.js has among the public ones, and that no public target is in. */
const ALSO_SPECIAL = [
  '192.88.99.0/24',
  '198.18.0.0/15',
  '168.63.129.16/32',
  '100::/64',
  '64:ff9b:1::/48',
  '2001::/23',
  '3fff::/20',
  '5f00::/16',
].map((network) => ipaddr.parseCIDR(network));

/**
 * Whether an address is no public one: private, loopback, link-local, documentation or otherwise special (IANA's registries,
 * RFC 6890). @returns false for what is no address
 */
export function isSpecialAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  // an IPv4-mapped one is the IPv4 address
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast') return true;
  return ALSO_SPECIAL.some((network) => network[0].kind() === address.kind() && address.match(network));
}
