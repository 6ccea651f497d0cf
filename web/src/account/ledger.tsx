import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client.js';
import { ledger, limits } from '../api/queries.js';
import { OperationReference } from '../operation/reference.js';
import { whole } from '../ui/format.js';
import { More } from '../ui/more.js';
import { Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Entry = Schemas['LedgerEntryDto'];

const BOUND: Record<string, string> = {
  user_operations: 'Operations created in 24 hours',
  user_running: 'Operations running now',
  user_results: 'Results called for in 24 hours',
};

const REASON: Record<Entry['reason'], string> = {
  grant: 'given by a superuser',
  operation: 'measurement',
  refund: 'paid back',
  results: 'results that your probes brought',
  taken: 'taken by a superuser',
  lapsed: 'lapsed',
};

const COLUMNS: readonly Column<Entry>[] = [
  { head: 'At', className: 'small', cell: ({ at }) => <Time at={at} /> },
  {
    head: 'For',
    cell: ({ reason, reference, note }) => (
      <span title={reference}>
        {REASON[reason]} <OperationReference reference={reference} />
        {note !== null && <span className="small muted">{note}</span>}
      </span>
    ),
  },
  { head: 'Credits', right: true, cell: ({ amount }) => (amount > 0 ? `+${whole(amount)}` : whole(amount)) },
  { head: 'Balance', right: true, cell: ({ balance_after }) => whole(balance_after) },
];

/** Every change of the balance, newest first. */
export function Ledger(): ReactNode {
  const entries = useInfiniteQuery(ledger());
  return (
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
              <DataTable label="Table of entries" columns={COLUMNS} items={items} keyOf={({ id }) => id} />
              <More query={entries} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** What may be used, and what is. */
export function Limits(): ReactNode {
  const bounds = useQuery(limits());
  return (
    <Panel title="Limits">
      <Loaded query={bounds} lines={4}>
        {({ limits: all }) =>
          all.length === 0 ? (
            <Empty title="No bound is set for you." />
          ) : (
            <ul className="stack">
              {all.map((usage) => (
                <Limit key={usage.bound} usage={usage} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Limit({ usage: { bound, limit, used, free_at } }: { usage: Schemas['UsageDto'] }): ReactNode {
  return (
    <li>
      {BOUND[bound] ?? bound}: <strong>{whole(used)}</strong> of{' '}
      {limit === null ? 'any number' : whole(limit)}
      {limit !== null && limit > 0 && (
        <span className="bar thin" aria-hidden="true">
          {used > 0 && (
            <span style={{ width: `${Math.min(100, (100 * used) / limit)}%`, background: 'var(--accent)' }} />
          )}
        </span>
      )}
      {free_at !== null && (
        <span className="small muted">
          room again at <Time at={free_at} />
        </span>
      )}
    </li>
  );
}
