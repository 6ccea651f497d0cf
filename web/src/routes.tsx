import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { KINDS } from '../generated/kinds.js';
import { Layout, NotFound, PageFailed } from './layout.js';
import { draftSearchOf } from './operation/new/draft.js';
import { type Search, flag, known, list, number, text, word } from './address/search.js';

/*
 * Every page, with what of its state is in its address. Each is loaded when it is opened; what of an address makes no sense is left out.
 */

const STATES = ['scheduled', 'running', 'stopped', 'done'] as const;

/** The router keeps members of an address that its page has not read: here they are taken out. */
function only<T>(read: (search: Search) => T): (search: Search) => T {
  return (search) => ({
    ...Object.fromEntries(Object.keys(search).map((name) => [name, undefined])),
    ...read(search),
  });
}

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: only((search) => known({ next: text(search['next']) })),
  component: lazyRouteComponent(() => import('./pages/login.js'), 'LoginPage'),
});

const register = createRoute({
  getParentRoute: () => root,
  path: '/register',
  validateSearch: only((search) => known({ next: text(search['next']) })),
  component: lazyRouteComponent(() => import('./pages/login.js'), 'RegisterPage'),
});

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview.js'), 'OverviewPage'),
});

const probes = createRoute({
  getParentRoute: () => root,
  path: '/probes',
  validateSearch: only((search) =>
    known({
      connected: flag(search['connected']),
      mine: flag(search['mine']),
      tag: text(search['tag']),
      country: text(search['country'])?.toUpperCase().slice(0, 2),
      asn: number(search['asn'], 1, 4_294_967_294),
      kind: word(search['kind'], KINDS),
      uptime: number(search['uptime'], 0, 100),
      latitude: number(search['latitude'], -90, 90),
      longitude: number(search['longitude'], -180, 180),
      within: number(search['within'], 1, 20_000),
      text: text(search['text']),
      probe: text(search['probe']),
    }),
  ),
  component: lazyRouteComponent(() => import('./pages/probes.js'), 'ProbesPage'),
});

const newProbe = createRoute({
  getParentRoute: () => root,
  path: '/probes/new',
  component: lazyRouteComponent(() => import('./pages/probe-new.js'), 'NewProbePage'),
});

const probe = createRoute({
  getParentRoute: () => root,
  path: '/probes/$id',
  component: lazyRouteComponent(() => import('./pages/probe.js'), 'ProbePage'),
});

const operations = createRoute({
  getParentRoute: () => root,
  path: '/operations',
  validateSearch: only((search) =>
    known({
      whose: word(search['whose'], ['mine', 'public'] as const),
      kind: word(search['kind'], KINDS),
      state: word(search['state'], STATES),
      text: text(search['text']),
    }),
  ),
  component: lazyRouteComponent(() => import('./pages/operations.js'), 'OperationsPage'),
});

const newOperation = createRoute({
  getParentRoute: () => root,
  path: '/operations/new',
  validateSearch: only(draftSearchOf),
  component: lazyRouteComponent(() => import('./pages/operation-new.js'), 'NewOperationPage'),
});

const operation = createRoute({
  getParentRoute: () => root,
  path: '/operations/$id',
  validateSearch: only((search) =>
    known({
      from: text(search['from']),
      to: text(search['to']),
      probes: list(search['probes']),
      destination: text(search['destination']),
      log: flag(search['log']),
      before: flag(search['before']),
      fate: text(search['fate']),
      at: text(search['at']),
      way: text(search['way']),
    }),
  ),
  component: lazyRouteComponent(() => import('./pages/operation.js'), 'OperationPage'),
});

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account.js'), 'AccountPage'),
});

const admin = createRoute({
  getParentRoute: () => root,
  path: '/admin',
  validateSearch: only((search) =>
    known({
      email: text(search['email']),
      suspended: flag(search['suspended']),
      target: text(search['target']),
      about: text(search['about']),
    }),
  ),
  component: lazyRouteComponent(() => import('./pages/admin.js'), 'AdminPage'),
});

const embed = createRoute({
  getParentRoute: () => root,
  path: '/embed/operations/$id',
  validateSearch: only((search) =>
    known({
      from: text(search['from']),
      to: text(search['to']),
      probes: list(search['probes']),
      destination: text(search['destination']),
      log: flag(search['log']),
      before: flag(search['before']),
    }),
  ),
  component: lazyRouteComponent(() => import('./pages/embed.js'), 'EmbedPage'),
});

const sites = createRoute({
  getParentRoute: () => root,
  path: '/sites',
  validateSearch: only((search) =>
    known({ mine: flag(search['mine']), country: text(search['country'])?.toUpperCase().slice(0, 2) }),
  ),
  component: lazyRouteComponent(() => import('./pages/sites.js'), 'SitesPage'),
});

const site = createRoute({
  getParentRoute: () => root,
  path: '/sites/$name',
  component: lazyRouteComponent(() => import('./pages/site.js'), 'SitePage'),
});

const imports = createRoute({
  getParentRoute: () => root,
  path: '/imports',
  component: lazyRouteComponent(() => import('./pages/imports.js'), 'ImportsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    login,
    register,
    probes,
    newProbe,
    probe,
    operations,
    newOperation,
    operation,
    account,
    admin,
    sites,
    site,
    imports,
    embed,
  ]),
  basepath: '/app',
  scrollRestoration: true,
  defaultErrorComponent: PageFailed,
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
