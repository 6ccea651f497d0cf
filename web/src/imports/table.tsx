import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client.js';
import { imports } from '../api/queries.js';
import { counted, whole } from '../ui/format.js';
import { More } from '../ui/more.js';
import { Empty, Loaded, State, Time } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';

type Import = Schemas['ImportDto'];
const BUSY_MS = 2_000;
const CALM_MS = 15_000;

const isUnderWay = ({ state }: Import): boolean => state === 'waiting' || state === 'running';

/** Jobs of imports, newest first; asked for often while one is under way. */
export function ImportsTable(): ReactNode {
  const query = useInfiniteQuery({
    ...imports(),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ items }) => items.some(isUnderWay)) === true ? BUSY_MS : CALM_MS,
  });
  return (
    <Loaded query={query} lines={4}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        return items.length === 0 ? (
          <Empty title="Nothing was imported yet.">
            <p>Files of scamper (warts), and exports of this platform, become operations with results.</p>
          </Empty>
        ) : (
          <>
            <DataTable label="Table of imports" columns={COLUMNS} items={items} keyOf={({ id }) => id} />
            <More query={query} />
          </>
        );
      }}
    </Loaded>
  );
}

const COLUMNS: readonly Column<Import>[] = [
  {
    head: 'File',
    names: true,
    cell: ({ name, bytes, source }) => (
      <>
        {name}{' '}
        <span className="small muted">
          {counted(bytes, 'byte')}, {source}
        </span>
      </>
    ),
  },
  { head: 'State', cell: ({ state }) => <State state={state} /> },
  { head: 'Records', right: true, cell: ({ records }) => whole(records) },
  { head: 'Stored', right: true, cell: ({ stored }) => whole(stored) },
  { head: 'There before', right: true, cell: ({ duplicates }) => whole(duplicates) },
  { head: 'Skipped', right: true, cell: ({ skipped }) => whole(skipped) },
  {
    head: 'Refused',
    right: true,
    cell: ({ refused, errors }) => (
      <>
        {whole(refused)}
        {errors.length > 0 && (
          <details>
            <summary>Why</summary>
            <ul className="small">
              {errors.map(({ record, message }, index) => (
                <li key={index}>
                  {record !== null && `record ${whole(record)}: `}
                  {message}
                </li>
              ))}
            </ul>
          </details>
        )}
      </>
    ),
  },
  {
    head: 'Operations',
    cell: ({ operation_ids }) => (
      <>
        {operation_ids.slice(0, 5).map((id, index) => (
          <Link key={id} to="/operations/$id" params={{ id }} search={{}} className="small">
            {operation_ids.length === 1 ? 'Show' : index + 1}
          </Link>
        ))}
        {operation_ids.length > 5 && <span className="small muted">and {operation_ids.length - 5} more</span>}
        {operation_ids.length === 0 && '–'}
      </>
    ),
  },
  { head: 'Came', className: 'small', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    head: 'Ended',
    className: 'small',
    cell: ({ ended_at }) => (ended_at === null ? '–' : <Time at={ended_at} />),
  },
];
