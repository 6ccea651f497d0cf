import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { answer, api, type Schemas } from '../api/client.js';
import { duration, ms, whole } from '../ui/format.js';
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
      {({ status, database, database_ms, redis, clock, tail }) => (
        <div className="stack">
          <dl className="facts">
            <dt>This server</dt>
            <dd>{status}</dd>
            <dt>Database</dt>
            <dd>
              {database}
              {database_ms !== undefined && `, answers in ${ms(database_ms)}`}
            </dd>
            {redis !== undefined && (
              <>
                <dt>Redis</dt>
                <dd>{redis}</dd>
              </>
            )}
            <dt>Its clock</dt>
            <dd>{clockWords(clock)}</dd>
          </dl>
          {tail !== undefined && (
            <DataTable
              label="Table of what is made of results"
              columns={TAIL}
              items={tail}
              keyOf={({ consumer }) => consumer}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

const TAIL: readonly Column<Schemas['TailLagDto']>[] = [
  { head: 'Made of results', names: true, cell: ({ consumer }) => consumer },
  { head: 'Still to do', right: true, cell: ({ results }) => whole(results) },
  { head: 'Behind', right: true, cell: ({ seconds }) => (seconds === 0 ? '0 s' : `${seconds.toFixed(1)} s`) },
];

function clockWords({
  source,
  offset_ms,
  error_ms,
  age_s,
  stratum,
  warning,
}: Schemas['ServerClockDto']): string {
  if (source === 'none')
    return `not compared with any time server${warning === undefined ? '' : `: ${warning}`}`;
  const words = [
    `off by ${ms(offset_ms)} ± ${ms(error_ms)}`,
    ...(stratum === null ? [] : [`stratum ${String(stratum)}`]),
    ...(age_s === null ? [] : [`compared ${duration(age_s)} ago`]),
    ...(warning === undefined ? [] : [warning]),
  ];
  return words.join(' · ');
}
