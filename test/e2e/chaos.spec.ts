import { describe, expect, it } from '@jest/globals';
import { runChaos } from '../chaos/chaos.js';
import { whyNoRedis } from '../support/redis.js';
import { sized } from '../support/size.js';

const SEED = 3;
const SECONDS = 30;
/** In `make test-all`: it takes a minute and a half of a machine. */
const isWanted = sized(true, false);
const SHOWN = 20;
const missing = whyNoRedis();
if (missing !== undefined) console.warn(`a little chaos is not made: ${missing}`);

/** A short piece of what `make chaos` does for longer. */
(isWanted && missing === undefined ? describe : describe.skip)('two servers under chaos', () => {
  it('lose nothing, double nothing, and account for every run', async () => {
    const lines: string[] = [];
    const { discrepancies, evidence, faults } = await runChaos({
      seconds: SECONDS,
      seed: SEED,
      log: (line) => lines.push(line),
    });
    if (discrepancies.length > 0) console.error(lines.join('\n'));
    // a few say enough, and jest takes its time to show thousands
    expect(discrepancies.slice(0, SHOWN)).toEqual([]);
    // and there was something that could have gone wrong
    expect(Object.values(faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(3);
    expect(evidence.results.length).toBeGreaterThan(50);
    expect(evidence.observations.length).toBeGreaterThan(0);
    expect(evidence.runFates.length).toBeGreaterThan(0);
    expect(evidence.feeds.some(({ results }) => results.length > 0)).toBe(true);
  }, 600_000);
});
