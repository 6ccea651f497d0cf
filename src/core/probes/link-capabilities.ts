/** What the server may rely on with a probe, by the protocol that it speaks. The core asks these, never for a protocol. */
export interface LinkCapabilities {
  /** It knows a job by its id and says that it has it: what it did not acknowledge is sent again. Else: at most once. */
  readonly acknowledges: boolean;
  /** It ends an operation when it is told so. Else it goes on to the end, and nothing is paid back. */
  readonly canBeStopped: boolean;
  /** Its runs can be put off: to a later start, and by its share of the spread. Else it begins with what it gets. */
  readonly canBeOffset: boolean;
  /** Its results say which run they are of. */
  readonly namesRuns: boolean;
  /** It keeps the schedule itself, connected or not. Else the server sends each run at its time. */
  readonly schedulesItself: boolean;
  /** What it can measure, as far as it said so. */
  readonly kinds: readonly string[];
}

/** Those that are asked of an assignment long after it was delivered. */
export type DeliveryCapabilities = Omit<LinkCapabilities, 'kinds'>;

/** One bit each; stored, so none ever changes its meaning (docs/adr/0021). */
const BITS: Record<keyof DeliveryCapabilities, number> = {
  acknowledges: 1,
  canBeStopped: 2,
  canBeOffset: 4,
  namesRuns: 8,
  schedulesItself: 16,
};

const NAMES = Object.keys(BITS) as (keyof DeliveryCapabilities)[];

/** @returns what is stored of capabilities with each assignment: a number of a few bits */
export function packCapabilities(capabilities: DeliveryCapabilities): number {
  return NAMES.reduce((bits, name) => bits | (capabilities[name] ? BITS[name] : 0), 0);
}

/** @param bits as `packCapabilities` gives them */
export function unpackCapabilities(bits: number): DeliveryCapabilities {
  const has = (name: keyof DeliveryCapabilities): boolean => (bits & BITS[name]) !== 0;
  return {
    acknowledges: has('acknowledges'),
    canBeStopped: has('canBeStopped'),
    canBeOffset: has('canBeOffset'),
    namesRuns: has('namesRuns'),
    schedulesItself: has('schedulesItself'),
  };
}
