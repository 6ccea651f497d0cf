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

/** They wait for leases, outages and packets more than they compute. */
const WAITING = [
  'test/netns/',
  'probe/test/',
  'test/e2e/external-database',
  'test/e2e/several-servers',
  'test/e2e/slow-watchers',
  'test/e2e/renewal',
  'test/e2e/redis-away',
  'test/e2e/clocks',
  'test/medium/embedded-mongo',
  'test/medium/results-tail',
];
/** So that half of the workers wait at any time, and no processor does: one that waits takes twice as long as one that computes. */
const COMPUTING_FOR_EACH = 2;

/** Jest knows how long a file took the last time; on a fresh machine it knows sizes only. */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const bySize = super.sort(tests);
    if (tests.some(({ duration }) => duration !== undefined)) return interleaved(bySize);
    const rank = ({ path }) => {
      const found = LONGEST.findIndex((part) => path.includes(part));
      return found === -1 ? LONGEST.length : found;
    };
    // a stable sort: inside a rank the order by size stays
    return interleaved([...bySize].sort((a, b) => rank(a) - rank(b)));
  }
}

/** @returns the same files, where one that waits is followed by some that compute; each kind in its order */
function interleaved(tests) {
  const waits = ({ path }) => WAITING.some((part) => path.includes(part));
  const waiting = tests.filter(waits);
  const computing = tests.filter((test) => !waits(test));
  return [
    ...waiting.flatMap((test, n) => [
      test,
      ...computing.slice(n * COMPUTING_FOR_EACH, (n + 1) * COMPUTING_FOR_EACH),
    ]),
    ...computing.slice(waiting.length * COMPUTING_FOR_EACH),
  ];
}
