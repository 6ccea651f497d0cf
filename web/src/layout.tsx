import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Fragment, useEffect, useRef, useState, type ReactNode } from 'react';
import { api } from './api/client.js';
import { me } from './api/queries.js';
import { session, useChangedElsewhere, useEnded, useToken } from './session/session.js';
import { Keys } from './ui/keys.js';
import { Button, Head, Problem, Segments } from './ui/parts.js';
import { choose, type Scheme, useScheme } from './ui/scheme.js';

const SCHEMES = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['system', 'System'],
] as const satisfies readonly (readonly [Scheme, string])[];

/** What is around every page: where one can go, who one is, and the colours. */
export function Layout(): ReactNode {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const first = useRef(true);
  const changed = useChangedElsewhere();
  // a new page is announced, and the keyboard goes on in it
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [path]);
  useTitle(path);
  // a plot in a page of others has nothing around it
  if (path.startsWith('/embed/'))
    return (
      <main id="main" className="embed">
        <Outlet />
      </main>
    );
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Top />
      <main id="main" ref={main} tabIndex={-1}>
        <SessionOver />
        {/* where another tab logs in or out, all of the page is asked for anew, as the one who it is now */}
        <Fragment key={changed}>
          <Outlet />
        </Fragment>
      </main>
      <footer className="foot">
        <span>Pladmed</span>
        <a href="/docs">API</a>
        <Keys />
      </footer>
    </>
  );
}

/** The title of the tab is the heading of the page, whenever that comes. */
function useTitle(path: string): void {
  useEffect(() => {
    const name = (): void => {
      const heading = document.querySelector('h1')?.textContent;
      const title = heading === undefined ? 'Pladmed' : `${heading} · Pladmed`;
      if (document.title !== title) document.title = title;
    };
    name();
    const observer = new MutationObserver(name);
    const root = document.getElementById('main');
    if (root !== null) observer.observe(root, { childList: true, subtree: true, characterData: true });
    return () => {
      observer.disconnect();
    };
  }, [path]);
}

function Top(): ReactNode {
  const token = useToken();
  const { data: user } = useQuery(me());
  const scheme = useScheme();
  return (
    <header className="top">
      <Link to="/" className="brand" aria-label="Pladmed">
        <img src="/app/icon.svg" alt="" />
        Pladmed
      </Link>
      <nav aria-label="Pages">
        <ul>
          <Page to="/" name="Overview" exact />
          <Page to="/probes" name="Probes" />
          <Page to="/operations" name="Operations" />
          {token !== undefined && <Page to="/account" name="Account" />}
          {user?.is_superuser === true && <Page to="/admin" name="Administration" />}
        </ul>
      </nav>
      <div className="who">
        <Segments label="Colour scheme" name="scheme" options={SCHEMES} value={scheme} onChange={choose} />
        {token === undefined ? <LogInLink /> : <LogOut mail={user?.email} />}
      </div>
    </header>
  );
}

function Page({ to, name, exact = false }: { to: string; name: string; exact?: boolean }): ReactNode {
  return (
    <li>
      <Link to={to} activeOptions={{ exact, includeSearch: false }}>
        {name}
      </Link>
    </li>
  );
}

/** The server does not take the token any more: said where one is, and one goes on from there. */
function SessionOver(): ReactNode {
  const here = useRouterState({ select: ({ location }) => location.href });
  if (useEnded() !== 'expired' || here.startsWith('/login') || here.startsWith('/register')) return null;
  return (
    <div className="notice warn over" role="alert">
      Your session is over.{' '}
      <Link to="/login" search={{ next: here }}>
        Log in again
      </Link>
      , and go on where you are.
    </div>
  );
}

function LogInLink(): ReactNode {
  const here = useRouterState({ select: ({ location }) => location.href });
  const away = here.startsWith('/login') || here.startsWith('/register');
  return (
    <Link to="/login" search={{ next: away ? undefined : here }} className="button">
      Log in
    </Link>
  );
}

function LogOut({ mail }: { mail: string | undefined }): ReactNode {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  const leave = async (): Promise<void> => {
    setLeaving(true);
    // the server ends the token; where it cannot be reached, the page forgets it all the same
    await api.POST('/api/v1/auth/logout').catch(() => undefined);
    session.leave();
    queries.clear();
    await navigate({ to: '/login', search: { next: undefined } });
  };
  return (
    <>
      {mail !== undefined && (
        <span className="mail small muted" title={mail}>
          {mail}
        </span>
      )}
      <Button disabled={leaving} onClick={() => void leave()}>
        Log out
      </Button>
    </>
  );
}

export function NotFound(): ReactNode {
  return (
    <>
      <Head title="Not found" />
      <div className="notice">
        There is no page at this address. <Link to="/">Go to the overview.</Link>
      </div>
    </>
  );
}

/** A page that could not be loaded, or that failed: the others work on. */
export function PageFailed({ error, reset }: { error: unknown; reset: () => void }): ReactNode {
  return (
    <>
      <Head title="This page failed" />
      <Problem error={error} retry={reset} />
    </>
  );
}
