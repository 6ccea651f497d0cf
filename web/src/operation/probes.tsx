import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import type { Account, Coverage, Kind, Operation } from '../api/queries.js';
import { AskFirst } from '../ui/action.js';
import { whole } from '../ui/format.js';
import { Empty, Loading, Panel } from '../ui/parts.js';
import { type Column, DataTable } from '../ui/table.js';
import { fateName } from './coverage-bar.js';
import { draftOf } from './new/draft.js';
import { mistakesOf } from './new/mistakes.js';
import { type Draft, probesOf } from './new/request.js';

// with the map: only who adds probes needs it
const WhereFields = lazy(async () => ({ default: (await import('./new/where.js')).WhereFields }));

type ProbeRuns = Coverage['probes'][number];
/** States of an assignment that is not over. */
const LIVE: readonly string[] = ['pending', 'delivered'];

/** What became of the runs of each probe; while it goes on, its owner adds probes and takes them away. */
export function OperationProbes({
  operation,
  coverage,
  names,
  user,
}: {
  operation: Operation;
  coverage: Pick<Coverage, 'probes' | 'next'> | undefined;
  names: ReadonlyMap<string, string>;
  user: Account | undefined;
}): ReactNode {
  const { id, kind, state, owner_id, import_id } = operation;
  const goesOn = (state === 'running' || state === 'scheduled') && import_id === null;
  const own = user?.id === owner_id;
  const remove = goesOn && (own || user?.is_superuser === true);
  return (
    <Panel
      title="Runs by probe"
      bare
      aside={goesOn && own && kind !== 'warts' ? <AddProbes id={id} kind={kind} /> : undefined}
    >
      {coverage === undefined ? (
        <Loading />
      ) : coverage.probes.length === 0 ? (
        <Empty title="No probe has it." />
      ) : (
        <>
          <DataTable
            label="Table of runs by probe"
            columns={remove ? [...columnsOf(names), removal(id, names)] : columnsOf(names)}
            items={coverage.probes}
            keyOf={({ probe_id }) => probe_id}
            tall
          />
          {coverage.next !== null && (
            <p className="in small muted">The first 200 probes. The API has all of them.</p>
          )}
        </>
      )}
    </Panel>
  );
}

function columnsOf(names: ReadonlyMap<string, string>): readonly Column<ProbeRuns>[] {
  return [
    {
      head: 'Probe',
      names: true,
      cell: ({ probe_id }) => (
        <Link to="/probes/$id" params={{ id: probe_id }}>
          {names.get(probe_id) ?? probe_id}
        </Link>
      ),
    },
    { head: 'State', cell: ({ state }) => state },
    { head: 'Due', right: true, cell: ({ due }) => whole(due) },
    { head: 'Received', right: true, cell: ({ fates }) => whole(fates.received) },
    {
      head: 'Others',
      className: 'words',
      cell: ({ fates }) =>
        Object.entries(fates)
          .filter(([fate, count]) => fate !== 'received' && count > 0)
          .map(([fate, count]) => `${whole(count)} ${fateName(fate)}`)
          .join(', ') || '–',
    },
  ];
}

function removal(id: string, names: ReadonlyMap<string, string>): Column<ProbeRuns> {
  return {
    head: <span className="visually-hidden">Remove</span>,
    right: true,
    cell: ({ probe_id, state }) =>
      LIVE.includes(state) && (
        <AskFirst
          button="Remove"
          label={`Remove the probe ${names.get(probe_id) ?? probe_id}`}
          size="small"
          title="Take this probe away?"
          description="Its runs that were not due yet are paid back, and its results stay; it can be added again."
          confirm="Take away"
          act={() =>
            answer(
              api.POST('/api/v1/operations/{id}/probes/remove', {
                params: { path: { id } },
                body: { probes: [probe_id] },
              }),
            )
          }
        />
      ),
  };
}

function AddProbes({ id, kind }: { id: string; kind: Kind }): ReactNode {
  const [draft, setDraft] = useState<Draft>(() => draftOf({ kind }));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  return (
    <AskFirst
      button="Add probes"
      tone="normal"
      size="small"
      title="Add probes to this measurement"
      description="Each does the runs from the next one on, and these are paid."
      confirm="Add"
      onOpen={() => setDraft(draftOf({ kind }))}
      act={() =>
        answer(
          api.POST('/api/v1/operations/{id}/probes', { params: { path: { id } }, body: probesOf(draft) }),
        )
      }
      fields={(problem) => (
        <Suspense fallback={<Loading />}>
          <WhereFields draft={draft} set={set} mistakes={mistakesOf(problem, draft)} />
        </Suspense>
      )}
    />
  );
}
