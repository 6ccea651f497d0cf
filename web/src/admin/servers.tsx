import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { whole } from '../ui/format.js';
import { Loaded, Panel, State, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Server = Schemas['ServerDto'];
const SOON_MS = 5_000;

/** The servers of the platform, and how the one that answers is. */
export function Servers(): ReactNode {
  const query = useQuery({
    queryKey: ['servers'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/servers', { signal })),
    refetchInterval: SOON_MS,
  });
  return (
    <Panel title="Servers" bare>
      <Loaded query={query} lines={3}>
        {({ items, leases }) => (
          <>
            <DataTable label="Table of all servers" columns={COLUMNS} items={items} keyOf={({ id }) => id} />
            <details className="in tight">
              <summary>Leases: what one server does for all</summary>
              <DataTable label="Table of leases" columns={LEASES} items={leases} keyOf={({ work }) => work} />
            </details>
          </>
        )}
      </Loaded>
      <div className="in">
        <Health />
      </div>
    </Panel>
  );
}

const COLUMNS: readonly Column<Server>[] = [
  {
    head: 'Server',
    names: true,
    cell: ({ id, answers }) => (
      <>
        <span className="mono">{id}</span> {answers && <span className="tag">answers you</span>}
      </>
    ),
  },
  {
    head: 'State',
    cell: ({ alive }) => (alive ? <State state="alive" /> : <State state="gone" />),
  },
  { head: 'Heard of', className: 'small', cell: ({ seen_at }) => <Time at={seen_at} /> },
  { head: 'Probes', right: true, cell: ({ probe_count }) => whole(probe_count) },
];

const LEASES: readonly Column<Schemas['LeaseDto']>[] = [
  { head: 'Work', names: true, cell: ({ work }) => work },
  { head: 'Server', className: 'mono small', cell: ({ server }) => server ?? '–' },
  { head: 'Until', className: 'small', cell: ({ until }) => <Time at={until} /> },
];

function Health(): ReactNode {
  const query = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => answer(api.GET('/health/ready', { signal })),
    refetchInterval: SOON_MS,
  });
  return (
    <Loaded query={query} lines={4}>
      {(health) => (
        <dl className="facts">
          {Object.entries(health).map(([name, value]) => (
            <Row key={name} name={name} value={value} />
          ))}
        </dl>
      )}
    </Loaded>
  );
}

function Row({ name, value }: { name: string; value: unknown }): ReactNode {
  const lines = Array.isArray(value) ? value.map(membersOf) : [membersOf(value)];
  return (
    <>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd>
        {lines.map((line) => (
          <div key={line}>{line}</div>
        ))}
      </dd>
    </>
  );
}

function membersOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name.replaceAll('_', ' ')} ${each === null ? '–' : String(each)}`)
    .join(' · ');
}
