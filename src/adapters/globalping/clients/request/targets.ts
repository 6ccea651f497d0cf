import { isHostName, isIpLiteral, isLookupName } from '@pladmed/protocol';
import { isSpecialAddress } from '../../../../measurement/targets/special-addresses.js';

/** Names that resolve to the host itself (RFC 6761, section 6.3). */
export function isSpecialName(value: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(value);
}

/** @returns an address without the brackets that URLs have around one of IPv6 */
export function bare(target: string): string {
  return /^\[[^\]]*\]$/.test(target) ? target.slice(1, -1) : target;
}

/**
 * @param type undefined: it is not known what it is for
 * @param isReverse whether a name is asked for by its address (PTR)
 * @returns what the target must be; undefined: it is right
 */
export function targetProblem(
  target: unknown,
  type: string | undefined,
  isReverse: boolean,
): string | undefined {
  if (typeof target !== 'string' || target === '') return 'must be an address or a name';
  const address = bare(target);
  if (isIpLiteral(address)) {
    if (type === 'dns' && !isReverse) return 'must be a name: an address is looked up with the type PTR';
    return isSpecialAddress(address) ? 'must not be a private or otherwise special address' : undefined;
  }
  if (type === undefined) return undefined;
  if (isReverse) return 'must be an IPv4 or IPv6 address, for the type PTR';
  if (type === 'dns') return isLookupName(target) ? undefined : 'must be a domain name';
  if (!isHostName(target) || !/[^.]\.[^.]/.test(target)) return 'must be an address or a full host name';
  return isSpecialName(target) ? 'must not be a private name' : undefined;
}
