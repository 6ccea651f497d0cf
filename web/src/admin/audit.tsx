import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client.js';
import { audit } from '../api/queries.js';
import { known } from '../address/search.js';
import { TextField } from '../ui/inputs.js';
import { More } from '../ui/more.js';
import { Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Entry = Schemas['AuditEntryDto'];
const route = getRouteApi('/admin');

/** What superusers did, to whom, and what it changed. */
export function Audit(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(
    audit({ limit: 50, ...(search.about !== undefined && { target: search.about }) }),
  );
  return (
    <Panel title="Audit log" bare>
      <form
        className="filters in"
        role="search"
        aria-label="Filters of the audit log"
        onSubmit={(event) => event.preventDefault()}
      >
        <TextField
          label="Done to"
          hint="the id of an account or a probe, or a name"
          type="search"
          wide
          value={search.about ?? ''}
          onText={(text) =>
            void navigate({ search: known({ ...search, about: text || undefined }), replace: true })
          }
        />
      </form>
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="Nothing that was done matches." />
          ) : (
            <>
              <DataTable
                label="Table of what was done"
                columns={COLUMNS}
                items={items}
                keyOf={({ id }) => id}
                tall
              />
              <More query={query} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

const COLUMNS: readonly Column<Entry>[] = [
  { head: 'At', className: 'small', cell: ({ at }) => <Time at={at} /> },
  {
    head: 'Who',
    cell: ({ actor_email, via, address }) => (
      <>
        {actor_email ?? 'somebody beside the server'}{' '}
        <span className="small muted">
          by {via}
          {address !== null && ` from ${address}`}
        </span>
      </>
    ),
  },
  {
    head: 'What',
    names: true,
    cell: ({ action, target }) => (
      <>
        {action} {target !== null && <span className="small mono">{target}</span>}
      </>
    ),
  },
  { head: 'Reason', cell: ({ reason }) => reason ?? '–' },
  {
    head: 'Before and after',
    className: 'small mono',
    cell: ({ before, after }) =>
      before === null && after === null ? '–' : `${membersOf(before)} → ${membersOf(after)}`,
  },
];

function membersOf(members: Record<string, unknown> | null): string {
  return Object.entries(members ?? {})
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
}
