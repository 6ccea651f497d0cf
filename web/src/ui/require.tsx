import { Link, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Head } from './parts.js';
import { useToken } from '../session/session.js';

/** What only an account can do: a visitor is asked to log in, and comes back here. */
export function RequireSession({ title, children }: { title: string; children: ReactNode }): ReactNode {
  const here = useRouterState({ select: ({ location }) => location.href });
  if (useToken() !== undefined) return children;
  return (
    <>
      <Head title={title} />
      <div className="notice">
        <p>This needs an account.</p>
        <p className="actions">
          <Link to="/login" search={{ next: here }} className="button primary">
            Log in
          </Link>
          <Link to="/register" search={{ next: here }} className="button">
            Create account
          </Link>
        </p>
      </div>
    </>
  );
}
