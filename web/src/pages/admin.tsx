import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Audit } from '../admin/audit.js';
import { Clocks } from '../admin/clocks.js';
import { Servers } from '../admin/servers.js';
import { Target } from '../admin/target.js';
import { Users } from '../admin/users.js';
import { me } from '../api/queries.js';
import { ImportsTable } from '../imports/table.js';
import { RequireSession } from '../ui/require.js';
import { Head, Loaded, Panel } from '../ui/parts.js';

export function AdminPage(): ReactNode {
  return (
    <RequireSession title="Administration">
      <Administration />
    </RequireSession>
  );
}

function Administration(): ReactNode {
  const user = useQuery(me());
  return (
    <div className="stack">
      <Head title="Administration" />
      <Loaded query={user} lines={3}>
        {({ is_superuser }) =>
          is_superuser ? (
            <>
              <Users />
              <div className="cols two">
                <Servers />
                <div className="stack">
                  <Target />
                  <Clocks />
                </div>
              </div>
              <Panel title="Jobs" bare aside={<span className="small muted">imports of all users</span>}>
                <ImportsTable />
              </Panel>
              <Audit />
            </>
          ) : (
            <div className="notice warn">This page is for superusers. Your account is none.</div>
          )
        }
      </Loaded>
    </div>
  );
}
