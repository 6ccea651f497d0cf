/**
 * Eight projects, one runner: `npm test -- --selectProjects unit`.
 * unit: beside the code; medium: a real MongoDB; e2e: the booted app and real sockets; netns: the real probe in a network of
 * namespaces; warts, sntp, protocol and probe: their own tests.
 */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  testMatch,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@pladmed/(warts|sntp|protocol)$': '<rootDir>/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/warts/dist',
    '<rootDir>/sntp/dist',
    '<rootDir>/protocol/dist',
    '<rootDir>/probe/dist',
  ],
  transform,
  ...extra,
});

export default {
  maxWorkers: 2,
  testTimeout: 120_000,
  collectCoverageFrom: [
    'src/**/*.ts',
    'warts/src/**/*.ts',
    'sntp/src/**/*.ts',
    'protocol/src/**/*.ts',
    'probe/src/**/*.ts',
    '!**/*.spec.ts',
    '!**/cli.ts',
    '!src/main.ts',
    '!src/explorer.ts',
  ],
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'lcov'],
  globalSetup: '<rootDir>/test/support/jest-mongod.js',
  globalTeardown: '<rootDir>/test/support/jest-mongod-stop.js',
  reporters: ['default', '<rootDir>/test/support/closing-line.reporter.js'],
  projects: [
    project('unit', ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/chaos/**/*.spec.ts'], {
      setupFiles: ['reflect-metadata'],
    }),
    project('medium', ['<rootDir>/test/medium/**/*.spec.ts'], { setupFiles: ['reflect-metadata'] }),
    project('e2e', ['<rootDir>/test/e2e/**/*.spec.ts'], { setupFiles: ['reflect-metadata'] }),
    project('netns', ['<rootDir>/test/netns/**/*.spec.ts']),
    project('warts', ['<rootDir>/warts/{src,test}/**/*.spec.ts']),
    project('sntp', ['<rootDir>/sntp/{src,test}/**/*.spec.ts']),
    project('protocol', ['<rootDir>/protocol/src/**/*.spec.ts']),
    project('probe', ['<rootDir>/probe/{src,test}/**/*.spec.ts']),
  ],
};
