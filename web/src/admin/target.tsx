import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { known } from '../address/search.js';
import { counted, whole } from '../ui/format.js';
import { TextField } from '../ui/inputs.js';
import { Button, Empty, Loaded, Panel } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

const route = getRouteApi('/admin');

/** What strikes a target now, over all users. */
export function Target(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(search.target ?? '');
  const { target } = search;
  const query = useQuery({
    queryKey: ['target', target],
    enabled: target !== undefined,
    retry: false,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/targets', { params: { query: { address: target ?? '' } }, signal })),
  });
  return (
    <Panel title="Targets under load">
      <div className="stack">
        <Busiest />
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({ search: known({ ...search, target: typed.trim() || undefined }) });
          }}
        >
          <TextField label="Address or name" value={typed} onText={setTyped} />
          <Button type="submit">Look up</Button>
        </form>
        {target !== undefined && (
          <Loaded query={query} lines={3}>
            {(found) => <Load found={found} />}
          </Loaded>
        )}
      </div>
    </Panel>
  );
}

/** Those that are struck the most, without being asked for by name. */
function Busiest(): ReactNode {
  const query = useQuery({
    queryKey: ['busiest'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/targets/busiest', { signal })),
    refetchInterval: 15_000,
  });
  return (
    <Loaded query={query} lines={3}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing is measured now." />
        ) : (
          <DataTable
            label="Table of targets"
            columns={COLUMNS}
            items={items}
            keyOf={({ target }) => target}
            tall
          />
        )
      }
    </Loaded>
  );
}

const COLUMNS: readonly Column<Schemas['BusyTargetDto']>[] = [
  {
    head: 'Target',
    names: true,
    cell: ({ target }) => (
      <Link to="/admin" search={(before) => ({ ...before, target })} className="mono">
        {target}
      </Link>
    ),
  },
  { head: 'Operations', right: true, cell: ({ operations }) => whole(operations) },
  { head: 'Probes', right: true, cell: ({ probes }) => whole(probes) },
  { head: 'Packets/s', right: true, cell: ({ packets_per_s }) => packets_per_s.toFixed(1) },
];

function Load({
  found: { target, operations, limits, strongest },
}: {
  found: Schemas['TargetDto'];
}): ReactNode {
  return (
    <>
      <p>
        <span className="mono">{target}</span>: {counted(operations, 'live operation')}
        {limits.map(
          ({ bound, used, limit }) =>
            ` · ${bound.replace('target_', '').replaceAll('_', ' ')} ${whole(used)} of ${limit === null ? 'any' : whole(limit)}`,
        )}
      </p>
      <ul>
        {strongest.map(({ operation_id, probes, packets_per_s }) => (
          <li key={operation_id}>
            <Link to="/operations/$id" params={{ id: operation_id }} search={{}} className="mono">
              {operation_id}
            </Link>{' '}
            {counted(probes, 'probe')}, {whole(packets_per_s)} packets/s
          </li>
        ))}
      </ul>
    </>
  );
}
