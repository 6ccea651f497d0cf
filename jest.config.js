import { bundlePackages } from './test/support/bundles.js';
import { SWC } from './test/support/shared-modules/compiled.js';

/**
 * Eleven projects, one runner: `npm test -- --selectProjects unit`.
 * unit: beside the code, and test/unit for what is of several sides; warts, sntp, protocol, probe and cli: their own tests.
 * `make test-unit` runs these: they need nothing but node.
 * medium: a real MongoDB; e2e: the booted app and real sockets; netns: the real probe in a network of namespaces; warts-programs
 * and probe-programs: with the build as a process of its own, and with programs of this machine.
 */
const WARTS_PROGRAMS = ['<rootDir>/warts/test/(cli|corpus|ping-figures|platforms)\\.spec\\.ts$'];
const PROBE_PROGRAMS = ['<rootDir>/probe/src/handshake/flight\\.spec\\.ts$'];
const transform = { '^.+\\.ts$': ['@swc/jest', { ...SWC, sourceMaps: 'inline' }] };

const packages = await bundlePackages();

/** Jest counts the lines that it has loaded itself. */
const counted = process.argv.some((word) => /^--(coverage|collectCoverage)\b/.test(word));
/** Servers of one worker share a process (test/support/hosted-server.ts) where test files share what they load. */
process.env.PLADMED_TEST_HOSTS = counted ? '' : '1';
/** What test files import is loaded once in a worker, for all of them (CONTRIBUTING.md says what that asks of a test). */
const shared = counted
  ? { setupFiles: ['reflect-metadata'] }
  : {
      testEnvironment: '<rootDir>/test/support/shared-modules/environment.js',
      testRunner: '<rootDir>/test/support/shared-modules/runner.js',
      // Node itself needs them
      fakeTimers: { doNotFake: ['nextTick', 'queueMicrotask'] },
    };

const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  testMatch,
  injectGlobals: false,
  ...shared,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    ...packages,
    '^@pladmed/warts/unpack$': '<rootDir>/warts/src/unpack.ts',
    '^@pladmed/(warts|sntp|protocol)$': '<rootDir>/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/warts/dist',
    '<rootDir>/sntp/dist',
    '<rootDir>/protocol/dist',
    '<rootDir>/probe/dist',
    '<rootDir>/cli/dist',
  ],
  transform,
  ...extra,
});

/** Only where a selected test needs it: one MongoDB, and the built server as a bundle. */
const platform = {
  globalSetup: '<rootDir>/test/support/jest-mongod.js',
  globalTeardown: '<rootDir>/test/support/jest-mongod-stop.js',
};

export default {
  // for two cores: half of them wait (longest-first.sequencer.js)
  maxWorkers: 4,
  testSequencer: '<rootDir>/test/support/longest-first.sequencer.js',
  // what waits has a limit of its own, and says for what it waited: this one is for what hangs
  testTimeout: 600_000,
  collectCoverageFrom: [
    'src/**/*.ts',
    'warts/src/**/*.ts',
    'sntp/src/**/*.ts',
    'protocol/src/**/*.ts',
    'probe/src/**/*.ts',
    'cli/src/**/*.ts',
    '!cli/src/generated/**',
    '!**/*.spec.ts',
    '!**/cli.ts',
    '!src/main.ts',
    '!src/explorer.ts',
  ],
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'lcov'],
  reporters: ['default', '<rootDir>/test/support/closing-line.reporter.js'],
  projects: [
    project('unit', ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/{unit,chaos}/**/*.spec.ts'], {}),
    project('medium', ['<rootDir>/test/medium/**/*.spec.ts'], {
      ...platform,
    }),
    project('e2e', ['<rootDir>/test/e2e/**/*.spec.ts'], platform),
    project('netns', ['<rootDir>/test/netns/**/*.spec.ts'], platform),
    project('warts', ['<rootDir>/warts/{src,test}/**/*.spec.ts'], { testPathIgnorePatterns: WARTS_PROGRAMS }),
    project('warts-programs', ['<rootDir>/warts/test/{cli,corpus,ping-figures,platforms}.spec.ts']),
    project('sntp', ['<rootDir>/sntp/{src,test}/**/*.spec.ts']),
    project('protocol', ['<rootDir>/protocol/src/**/*.spec.ts']),
    project('cli', ['<rootDir>/cli/src/**/*.spec.ts']),
    project('probe', ['<rootDir>/probe/src/**/*.spec.ts'], { testPathIgnorePatterns: PROBE_PROGRAMS }),
    project('probe-programs', [
      '<rootDir>/probe/test/**/*.spec.ts',
      '<rootDir>/probe/src/handshake/flight.spec.ts',
    ]),
  ],
};
