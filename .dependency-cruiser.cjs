/**
 * What may import what: an allow-list. Nothing that is not named here may be imported, in code or for a type, so that a
 * new folder needs a line of its own. CONTRIBUTING.md has the reasons.
 */

/** The parts of the core in their order: each may import the index.ts of those before it. */
const CORE = [
  'audit',
  'users',
  'ledger',
  'sites',
  'servers',
  'probes',
  'presence',
  'progress',
  'assignments',
  'quotas',
  'delivery',
  'operations',
  'shares',
  'runs',
  'ingest',
  'server-runs',
  'results',
  'imports',
  'accounts',
  'reliability',
  'maintenance',
];

/** Data that can be deleted and made again from the core: each is on its own. */
const DERIVED = ['activity', 'changes', 'latest', 'series'];

/** Doors to the outside: each is on its own. */
const ADAPTERS = [
  'api',
  'atlas',
  'classic',
  'dashboard',
  'globalping',
  'imports',
  'live',
  'ops',
  'probe-protocol',
];

/** The parts of the probe in their order: each may import those before it. */
const PROBE = [
  'platform',
  'protocol',
  'schedule',
  'clock',
  'store',
  'limits',
  'policy',
  'programs',
  'dns',
  'host',
  'handshake',
  'measuring',
  'kinds',
  'config',
  'runs',
  'delivery',
  'connection',
  'scheduler',
  'status',
  'commands',
];

/** What is to be measured, priced and read is arithmetic: it imports nothing that has to be installed, but for these packages. */
const PURE = ['@pladmed/protocol', '@pladmed/warts', 'ipaddr\\.js', 'zod'];

/** May import whatever is installed. */
const INSTALLED = `^src/(config|platform|cli|demo|core/(${CORE.join('|')})|derived/(${DERIVED.join('|')})|adapters/(${ADAPTERS.join('|')}))/|^src/[^/]+\\.ts$`;

/** Where code may stand. */
const HAVE_RULES = `${INSTALLED}|^src/measurement/|^probe/src/(${PROBE.join('|')})/|^probe/src/[^/]+\\.ts$|^(warts|sntp|protocol|cli|web)/src/`;

const lower = '^src/(config|platform|measurement)/';
const own = (folder) => ({ from: { path: `^src/${folder}/` }, to: { path: `^src/${folder}/` } });
const packages = (from, dependencies = '') => ({
  from: { path: from },
  to: { path: `(^|/)node_modules/${dependencies}` },
});

const coreRules = CORE.flatMap((part, index) => {
  const before = CORE.slice(0, index).join('|');
  return [
    own(`core/${part}`),
    { from: { path: `^src/core/${part}/` }, to: { path: lower } },
    ...(before === ''
      ? []
      : [{ from: { path: `^src/core/${part}/` }, to: { path: `^src/core/(${before})/index\\.ts$` } }]),
  ];
});

const derivedRules = DERIVED.flatMap((part) => [
  own(`derived/${part}`),
  { from: { path: `^src/derived/${part}/` }, to: { path: `${lower}|^src/core/[^/]+/index\\.ts$` } },
]);

const adapterRules = ADAPTERS.flatMap((adapter) => [
  own(`adapters/${adapter}`),
  {
    from: { path: `^src/adapters/${adapter}/` },
    to: { path: `${lower}|^src/(core|derived)/[^/]+/index\\.ts$` },
  },
]);

const probeRules = PROBE.map((part, index) => ({
  from: { path: `^probe/src/${part}/` },
  to: { path: `^probe/src/(${PROBE.slice(0, index + 1).join('|')})/` },
}));

module.exports = {
  allowedSeverity: 'error',
  allowed: [
    // Node's own modules, and for the server those that are installed
    {
      from: { path: `${INSTALLED}|^src/measurement/|^(probe|warts|sntp|protocol|cli)/src/` },
      to: { dependencyTypes: ['core'] },
    },
    packages(INSTALLED),
    packages('^src/measurement/', `(${PURE.join('|')})(/|$)`),
    packages('^(probe|protocol|cli)/src/'),

    // the server, from the bottom to the top
    own('config'),
    own('platform'),
    { from: { path: '^src/platform/' }, to: { path: '^src/config/' } },
    own('measurement'),
    // they know nothing of what they are used for
    {
      from: { path: '^src/measurement/' },
      to: { path: '^src/platform/limits/(turnstile|depth-check)\\.ts$' },
    },
    ...coreRules,
    ...derivedRules,
    ...adapterRules,
    // what puts the parts together
    own('cli'),
    own('demo'),
    { from: { path: '^src/([^/]+\\.ts$|cli/|demo/)' }, to: { path: '^src/' } },

    // packages
    { from: { path: '^src/platform/clock/' }, to: { path: '^sntp/(src|dist)/' } },
    { from: { path: '^src/' }, to: { path: '^protocol/(src|dist)/' } },
    { from: { path: '^src/measurement/' }, to: { path: '^warts/(src|dist)/' } },
    { from: { path: '^probe/src/' }, to: { path: '^(protocol|sntp|warts)/(src|dist)/' } },
    ...probeRules,
    // what puts its parts together
    { from: { path: '^probe/src/[^/]+\\.ts$' }, to: { path: '^probe/src/' } },
    // it knows of the server what docs/openapi.yaml says
    { from: { path: '^cli/src/' }, to: { path: '^cli/src/' } },
    { from: { path: '^warts/src/' }, to: { path: '^warts/src/' } },
    { from: { path: '^sntp/src/' }, to: { path: '^sntp/src/' } },
    { from: { path: '^protocol/src/' }, to: { path: '^protocol/src/' } },

    // the dashboard is a client of the API: it knows nothing of the server but its document
    packages('^web/src/'),
    { from: { path: '^web/src/' }, to: { path: '^web/src/' } },
    { from: { path: '^web/src/main\\.tsx$' }, to: { path: '^web/src/styles/' } },
  ],
  forbidden: [
    {
      name: 'what-is-not-delivered',
      comment: 'The images have no development dependencies: the server would not start there',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/demo/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-circles-of-folders',
      comment: 'a folder is understood without those that use it',
      severity: 'error',
      scope: 'folder',
      from: { path: '^(src|(probe|warts|sntp|protocol|cli|web)/src)/' },
      to: { circular: true },
    },
    {
      name: 'folder-without-a-rule',
      comment: 'a file that imports nothing and that nothing imports passes the allow-list in any folder',
      severity: 'error',
      from: { orphan: true, pathNot: HAVE_RULES },
      to: {},
    },
    {
      name: 'only-repositories-touch-models',
      severity: 'error',
      from: {
        path: '^src/(core|derived|adapters)/',
        pathNot: '\\.(repository|schema|module)\\.ts$|/maintenance/',
      },
      to: { path: '(^|/)mongoose(/|$)', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // tests stand beside the code and may use all of it
    exclude: { path: '(^|/)dist/|(^|/)generated/|\\.(spec|test)\\.tsx?$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // parts of packages (`csv-stringify/sync`) are where their `exports` say
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json', '.css', '.d.ts'],
    },
  },
};
