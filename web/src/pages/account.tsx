import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ledger, limits, me } from '../api/queries.js';
import { RequireSession } from '../session/require.js';
import { whole } from '../ui/format.js';
import { More } from '../ui/more.js';
import { Empty, Head, Loaded, Panel, Time } from '../ui/parts.js';
import { OperationReference } from '../operation/reference.js';

const BOUND: Record<string, string> = {
  user_operations: 'Operations created in 24 hours',
  user_running: 'Operations running now',
  user_results: 'Results called for in 24 hours',
};

export function AccountPage(): ReactNode {
  return (
    <RequireSession title="Account">
      <Account />
    </RequireSession>
  );
}

function Account(): ReactNode {
  const user = useQuery(me());
  const bounds = useQuery(limits());
  const entries = useInfiniteQuery(ledger());
  return (
    <div className="stack">
      <Head title="Account" />
      <div className="cols two">
        <Panel title="You">
          <Loaded query={user} lines={3}>
            {({ id, email, credits, is_superuser, created_at }) => (
              <dl className="facts">
                <dt>E-mail</dt>
                <dd>{email}</dd>
                <dt>Credits</dt>
                <dd>
                  <strong>{whole(credits)}</strong>
                </dd>
                <dt>Role</dt>
                <dd>{is_superuser ? 'superuser' : 'user'}</dd>
                <dt>Since</dt>
                <dd>
                  <Time at={created_at} />
                </dd>
                <dt>Id</dt>
                <dd className="mono">{id}</dd>
              </dl>
            )}
          </Loaded>
        </Panel>
        <Panel title="Limits">
          <Loaded query={bounds} lines={4}>
            {({ limits: all }) =>
              all.length === 0 ? (
                <Empty title="No bound is set for you." />
              ) : (
                <ul className="stack">
                  {all.map(({ bound, limit, used, free_at }) => (
                    <li key={bound}>
                      {BOUND[bound] ?? bound}: <strong>{whole(used)}</strong> of{' '}
                      {limit === null ? 'any number' : whole(limit)}
                      {limit !== null && limit > 0 && (
                        <span className="bar thin" aria-hidden="true">
                          <span
                            style={{
                              width: `${Math.min(100, (100 * used) / limit)}%`,
                              background: 'var(--accent)',
                            }}
                          />
                        </span>
                      )}
                      {free_at !== null && (
                        <span className="small muted">
                          room again at <Time at={free_at} />
                        </span>
                      )}
                    </li>
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Panel>
      </div>
      <Panel title="Ledger" bare>
        <Loaded query={entries}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            if (items.length === 0)
              return (
                <Empty title="No credit has come or gone.">
                  <p>A superuser gives credits, and results of your probes earn them.</p>
                </Empty>
              );
            return (
              <>
                <div className="scroll" role="region" aria-label="Table of the ledger" tabIndex={0}>
                  <table className="lines">
                    <thead>
                      <tr>
                        <th scope="col">At</th>
                        <th scope="col">For</th>
                        <th scope="col" className="right">
                          Credits
                        </th>
                        <th scope="col" className="right">
                          Balance
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map(({ id, at, reason, reference, amount, balance_after }) => (
                        <tr key={id}>
                          <td className="small">
                            <Time at={at} />
                          </td>
                          <td>
                            {reason} <OperationReference reference={reference} />
                          </td>
                          <td className="right">{amount > 0 ? `+${whole(amount)}` : whole(amount)}</td>
                          <td className="right">{whole(balance_after)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                <More query={entries} />
              </>
            );
          }}
        </Loaded>
      </Panel>
    </div>
  );
}
