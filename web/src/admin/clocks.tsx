import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { allProbes } from '../api/all-probes.js';
import type { Probe } from '../api/queries.js';
import { ms } from '../ui/format.js';
import { Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

/** Connected probes whose clocks are off. */
export function Clocks(): ReactNode {
  const query = useQuery(allProbes({ connected: true }));
  const off = useMemo(
    () => (query.data ?? []).filter(({ status }) => status !== null && !status.clock_trusted),
    [query.data],
  );
  return (
    <Panel title="Clocks that cannot be trusted" bare>
      <Loaded query={query}>
        {() =>
          off.length === 0 ? (
            <Empty title="The clock of each connected probe that says so is within a second." />
          ) : (
            <DataTable label="Table of clocks" columns={COLUMNS} items={off} keyOf={({ id }) => id} tall />
          )
        }
      </Loaded>
    </Panel>
  );
}

const COLUMNS: readonly Column<Probe>[] = [
  {
    head: 'Probe',
    names: true,
    cell: ({ id, name }) => (
      <Link to="/probes/$id" params={{ id }}>
        {name ?? id}
      </Link>
    ),
  },
  { head: 'Offset', right: true, cell: ({ status }) => ms(status?.clock.offset_ms) },
  { head: 'Bound', right: true, cell: ({ status }) => `± ${ms(status?.clock.error_ms)}` },
  { head: 'Said at', className: 'small', cell: ({ status }) => <Time at={status?.at} /> },
];
