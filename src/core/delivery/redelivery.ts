import { type ProbeLink } from '../presence/index.js';

/** After an attempt that the probe did not answer; doubled with each further one, up to the longest. */
const PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;

interface Attempts {
  underWay: number;
  failures: number;
  /** by the clock of `performance.now()` */
  notBefore: number;
}

/**
 * Which probes may be told again what they have not acknowledged. Each has one attempt at a time, and longer pauses while it stays
 * silent, so that it takes nothing from the others.
 */
export class Redelivery {
  private readonly attempts = new WeakMap<ProbeLink, Attempts>();

  /** Whether an attempt may begin now. */
  isDue(link: ProbeLink): boolean {
    const known = this.attempts.get(link);
    return known === undefined || (known.underWay === 0 && known.notBefore <= performance.now());
  }

  /** Does `work`, after which a probe that answered is not in doubt. */
  async attempt(link: ProbeLink, work: () => Promise<void>): Promise<void> {
    const own = this.attempts.get(link) ?? { underWay: 0, failures: 0, notBefore: 0 };
    this.attempts.set(link, own);
    own.underWay += 1;
    let answered = false;
    try {
      await work();
      answered = link.isInDoubt !== true;
    } finally {
      own.underWay -= 1;
      own.failures = answered ? 0 : own.failures + 1;
      const pause = answered ? 0 : Math.min(PAUSE_MS * 2 ** (own.failures - 1), LONGEST_PAUSE_MS);
      own.notBefore = performance.now() + pause;
    }
  }
}
