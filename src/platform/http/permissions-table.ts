import { SCOPES } from './permissions.js';
import { type Route } from './routes.js';

export const CALLERS = ['visitor', 'user', 'owner', ...SCOPES, 'superuser'] as const;
export type Caller = (typeof CALLERS)[number];

const INTRODUCTION = `# Who may call what

<!-- Made by \`npm run openapi\` from the code. Do not edit: change the code and run it again. -->

A row is a route, a column a caller; \`yes\`: the route is open to it. Every cell is tried against a
running server by \`test/e2e/permissions.spec.ts\`.

- visitor: with a token of \`POST /api/v1/auth/visit\`. Who shows nothing may call what is open to all.
- user: with an access token of an account; owner: likewise, and what the route names is the account's.
- \`read\`, \`measure\`, \`probes\`: with an owner's key that has this scope alone; \`admin\`: a superuser's.
- superuser: with an access token; what the route names is somebody else's.

What is private is not there (404) for those who may not see it, whatever the route.
`;

/** @returns whether a route is open to a caller */
export function isOpen({ access, owned }: Pick<Route, 'access' | 'owned'>, caller: Caller): boolean {
  if (access === undefined) return false;
  const { who, scope } = access;
  if (who === 'public') return true;
  switch (caller) {
    case 'visitor':
      return who === 'reader';
    case 'user':
      return who !== 'superuser' && owned === undefined;
    case 'owner':
      return who !== 'superuser';
    case 'superuser':
      return owned !== 'owner';
    default:
      return scope === caller;
  }
}

/** @returns docs/permissions.md */
export function permissionsPage(routes: readonly Route[]): string {
  const named = routes.map((route) => ({ route, name: `${route.path} ${route.method}` }));
  const sorted = named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ route }) => route);
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    INTRODUCTION,
    row(['route', ...CALLERS]),
    row(['---', ...CALLERS.map(() => '---')]),
    ...sorted.map((route) =>
      row([
        `\`${route.method} ${route.path}\``,
        ...CALLERS.map((caller) => (isOpen(route, caller) ? 'yes' : '-')),
      ]),
    ),
    '',
  ].join('\n');
}
