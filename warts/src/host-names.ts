/** Names of DNS classes, types and answers as scamper of 2026 writes them. */

/** By number; 12 to 15 are assigned to nothing. */
export const HOST_RCODES = [
  'NoError',
  'FormErr',
  'ServFail',
  'NXDomain',
  'NotImp',
  'Refused',
  'YXDomain',
  'YXRRSet',
  'NXRRSet',
  'NotAuth',
  'NotZone',
  'DSOTYPENI',
];

const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH' };
const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
};
/** Of the header of an answer (RFC 1035, section 4.1.1; RFC 4035), by bit. */
const FLAGS = ['CD', 'AD', 'Z', 'RA', 'RD', 'TC', 'AA', '0x80'];

export function hostClass(number: number): string {
  return CLASSES[number] ?? String(number);
}

export function hostType(number: number): string {
  return TYPES[number] ?? String(number);
}

export function hostOpcodeFlags(flags: number): string[] {
  return FLAGS.filter((_, bit) => (flags >>> bit) & 1);
}
