import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { platform } from '../api/queries.js';

/** On a server that nobody administers yet: which command makes the first one. */
export function FirstRun(): ReactNode {
  const { data } = useQuery(platform());
  if (data?.has_superuser !== false) return null;
  return (
    <div className="notice" role="note">
      <h2>A new server</h2>
      <p>
        Nobody administers it yet, and measurements cost credits that a superuser gives. In a shell beside the
        server, in the folder of the project:
      </p>
      <code className="command">npm run superuser -- create YOU@example.org</code>
      <p className="small muted">It asks for a password. Then log in here with both.</p>
    </div>
  );
}
