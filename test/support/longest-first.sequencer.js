import { createRequire } from 'node:module';

const { default: TestSequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/** Files that take longest begin first, so that all workers have something to do until the end. */
const LONGEST = [
  'test/e2e/external-database',
  'test/e2e/chaos',
  'test/netns/',
  'test/e2e/fault-',
  'warts/test/tools',
  'test/e2e/',
  'probe/test/',
  'test/medium/',
];

/** Jest knows how long a file took the last time; on a fresh machine it knows sizes only. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const bySize = super.sort(tests);
    if (tests.some(({ duration }) => duration !== undefined)) return bySize;
    const rank = ({ path }) => {
      const found = LONGEST.findIndex((part) => path.includes(part));
      return found === -1 ? LONGEST.length : found;
    };
    // a stable sort: inside a rank the order by size stays
    return [...bySize].sort((a, b) => rank(a) - rank(b));
  }
}
