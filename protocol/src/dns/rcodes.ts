/** IANA, "DNS RCODEs", as of November 2026; dig 9.18 prints the same names. 16 is BADSIG in a TSIG record, which no query here has. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  11: 'DSOTYPENI',
  16: 'BADVERS',
  17: 'BADKEY',
  18: 'BADTIME',
  19: 'BADMODE',
  20: 'BADNAME',
  21: 'BADALG',
  22: 'BADTRUNC',
  23: 'BADCOOKIE',
};

/** Names a response code of 12 bits: `NXDOMAIN`, or `RCODE24` where IANA has no name for it. */
export function rcodeName(code: number): string {
  return NAMES[code] ?? `RCODE${code}`;
}
