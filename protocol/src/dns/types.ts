/** Query types that have a word, and their numbers (IANA, "Resource Record (RR) TYPEs"; DELEG: draft-ietf-deleg). */
export const QUERY_TYPES = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  hinfo: 13,
  mx: 15,
  txt: 16,
  aaaa: 28,
  loc: 29,
  srv: 33,
  naptr: 35,
  dname: 39,
  ds: 43,
  sshfp: 44,
  rrsig: 46,
  nsec: 47,
  dnskey: 48,
  nsec3param: 51,
  tlsa: 52,
  cds: 59,
  cdnskey: 60,
  openpgpkey: 61,
  csync: 62,
  zonemd: 63,
  svcb: 64,
  https: 65,
  axfr: 252,
  any: 255,
  uri: 256,
  caa: 257,
  deleg: 61_440,
} as const;

export const AXFR = QUERY_TYPES.axfr;

/** Query classes and their numbers (RFC 1035, section 3.2.4). `ch` has the names `id.server` and `version.bind`. */
export const QUERY_CLASSES = { in: 1, ch: 3, hs: 4, any: 255 } as const;
export type QueryClass = keyof typeof QUERY_CLASSES;

/** TYPEn (RFC 3597, section 5). */
export const NUMBERED_TYPE = /^TYPE([1-9]\d{0,4})$/i;
export const MAX_TYPE = 65_535;

/** OPT, TKEY, TSIG and IXFR: a question alone does not make a query of them (RFC 6891, 2930, 8945, 1995). */
export const NO_QUESTION_TYPES: ReadonlySet<number> = new Set([41, 249, 250, 251]);

const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(QUERY_TYPES).map(([word, number]) => [number, word]),
);

/**
 * Reads a query type: one of the words, `TYPE65280` (RFC 3597) or a whole number.
 * @returns its number, 1 to 65535; undefined where it is no type that a question may have
 */
export function queryTypeNumber(type: unknown): number | undefined {
  const number = typeof type === 'string' ? numberOf(type) : type;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number >= 1 && number <= MAX_TYPE && !NO_QUESTION_TYPES.has(number) ? number : undefined;
}

function numberOf(text: string): number | undefined {
  const digits = NUMBERED_TYPE.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  return Object.hasOwn(QUERY_TYPES, text) ? QUERY_TYPES[text as keyof typeof QUERY_TYPES] : undefined;
}

/** Names a query type as dig does: `AAAA`, or `TYPE65280` where no word is known. */
export function queryTypeName(number: number): string {
  return WORDS.get(number)?.toUpperCase() ?? `TYPE${number}`;
}

/**
 * Lists the names that a look-up asks for, which are those that it pays for on the native API. A name that both lists have is
 * asked as often as the list that has it more often: callers of the classic routes give the same names in both.
 */
export function namesToAsk<Name>(fqdns: readonly Name[], name: readonly Name[]): Name[] {
  const covered = new Map<Name, number>();
  for (const each of fqdns) covered.set(each, (covered.get(each) ?? 0) + 1);
  const more = name.filter((each) => {
    const left = covered.get(each) ?? 0;
    covered.set(each, left - 1);
    return left <= 0;
  });
  return [...fqdns, ...more];
}
