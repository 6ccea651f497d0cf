import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { changes } from '../api/queries.js';
import { useToken } from '../session/session.js';
import { counted, ms, whole } from '../ui/format.js';
import { Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Change = { id: string; type: string; destination: string | null; before: unknown; after: unknown } & {
  since: string;
  probe_count: number;
  probes: readonly { probe_id: string }[];
};

const WORDS: Record<string, string> = {
  path: 'another path',
  rtt_level: 'another round-trip time',
  certificate: 'another certificate',
  dns_answers: 'other answers',
  http_status: 'another status',
  ntp_server: 'another state of the time server',
  quiet: 'quiet though runs were due',
};

/** What the server noticed by itself; nothing where it noticed nothing. */
export function Changes({ id, names }: { id: string; names: ReadonlyMap<string, string> }): ReactNode {
  const token = useToken();
  const query = useQuery(changes(id));
  if (token === undefined || (query.data !== undefined && query.data.items.length === 0)) return null;
  return (
    <Panel title="Changes" bare aside={<span className="small muted">that the server noticed</span>}>
      <Loaded query={query} lines={2}>
        {({ items }) => (
          <DataTable
            label="Table of changes"
            columns={columnsOf(names)}
            items={newestFirst(items as readonly Change[])}
            keyOf={(change) => change.id}
            tall
          />
        )}
      </Loaded>
    </Panel>
  );
}

/** By when they happened; the server lists them by when it noticed them. */
function newestFirst(items: readonly Change[]): readonly Change[] {
  return items.toSorted((a, b) => b.since.localeCompare(a.since));
}

function columnsOf(names: ReadonlyMap<string, string>): readonly Column<Change>[] {
  return [
    { head: 'Since', className: 'small', cell: ({ since }) => <Time at={since} /> },
    {
      head: 'What',
      names: true,
      cell: ({ type, destination }) =>
        `${WORDS[type] ?? type}${destination === null ? '' : `: ${destination}`}`,
    },
    { head: 'Before', className: 'small', cell: ({ before }) => said(before) },
    { head: 'Since then', className: 'small', cell: ({ after }) => said(after) },
    {
      head: 'Seen by',
      className: 'small',
      cell: ({ probe_count, probes }) => (
        <ul className="links">
          {probes.slice(0, 5).map(({ probe_id }) => (
            <li key={probe_id}>
              <Link to="/probes/$id" params={{ id: probe_id }}>
                {names.get(probe_id) ?? probe_id}
              </Link>
            </li>
          ))}
          {probe_count > 5 && <li>and {whole(probe_count - 5)} more</li>}
        </ul>
      ),
    },
  ];
}

type Hops = { ttl: number; addresses: string[] }[];

/** @returns what a change tells of one side of it, in few words */
function said(side: unknown): string {
  if (typeof side !== 'object' || side === null) return '–';
  const { hops, runs, ...rest } = side as Record<string, unknown> & { hops?: Hops };
  if (hops !== undefined)
    return hops.map(({ ttl, addresses }) => `${ttl}: ${addresses.join(' or ')}`).join(', ');
  const words = Object.entries(rest).map(([name, value]) => {
    if (name === 'rtt_ms') return ms(value as number);
    const called = name.replace(/_ms$/, '').replaceAll('_', ' ');
    return `${called} ${name.endsWith('_ms') ? ms(value as number) : shown(value)}`;
  });
  return `${words.join(', ')}${typeof runs === 'number' ? ` over ${counted(runs, 'run')}` : ''}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
