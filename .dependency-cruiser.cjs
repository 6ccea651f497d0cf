/** The walls of the house. CONTRIBUTING.md says why each stands. */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'warts-knows-nobody',
      severity: 'error',
      from: { path: '^warts/src' },
      to: { path: '^(src|probe|test)/' },
    },
    {
      name: 'warts-has-no-dependencies',
      severity: 'error',
      from: { path: '^warts/src', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev'] },
    },
    {
      name: 'sntp-knows-nobody',
      severity: 'error',
      from: { path: '^sntp/src' },
      to: { path: '^(src|probe|warts|test)/' },
    },
    {
      name: 'sntp-has-no-dependencies',
      severity: 'error',
      from: { path: '^sntp/src', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev'] },
    },
    {
      name: 'protocol-knows-nobody',
      severity: 'error',
      from: { path: '^protocol/src' },
      to: { path: '^(src|probe|warts|sntp|test)/' },
    },
    {
      name: 'probe-knows-no-server',
      severity: 'error',
      from: { path: '^probe/src' },
      to: { path: '^(src|test)/' },
    },
    {
      name: 'server-knows-no-probe',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(probe|test)/' },
    },
    {
      name: 'common-knows-no-module',
      severity: 'error',
      from: { path: '^src/(common|config)' },
      to: { path: '^src/modules' },
    },
    {
      name: 'only-repositories-touch-models',
      severity: 'error',
      from: { path: '^src/modules', pathNot: '\\.(repository|schema|module)\\.ts$|\\.spec\\.ts$' },
      to: { path: '(^|/)mongoose(/|$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-core-knows-no-door',
      comment: 'users, probes, operations, results, ledger: doors call them, never the other way',
      severity: 'error',
      from: { path: '^src/modules/(users|probes|operations|results|ledger)/' },
      to: { path: '^src/modules/(classic|api|live)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
