import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { problemOf } from '../api/problem.js';
import { Choice } from '../operation/new/choice.js';
import { Summary, useQuote } from '../operation/new/summary.js';
import { What } from '../operation/new/what.js';
import { When } from '../operation/new/when.js';
import { Where } from '../operation/new/where.js';
import { type Draft, requestOf } from '../operation/request.js';
import { RequireSession } from '../session/require.js';
import { Button, Head, Panel } from '../ui/parts.js';

const route = getRouteApi('/operations/new');
const DAY_MS = 86_400_000;

/** @returns a moment as `datetime-local` has it, in the reader's zone */
function localInput(time: number): string {
  const date = new Date(time);
  return new Date(time - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function NewOperationPage(): ReactNode {
  return (
    <RequireSession title="New measurement">
      <Form />
    </RequireSession>
  );
}

/** What of the form may be in the address. */
interface Asked {
  kind?: Draft['kind'] | undefined;
  to?: string | undefined;
  probes?: string[] | undefined;
}

/** @returns what the form begins with: what the address says, and what is usual */
function draftOf({ kind, to, probes }: Asked): Draft {
  return {
    kind: kind ?? 'ping',
    destinations: to ?? '',
    params: {},
    schedule: 'once',
    every: '5',
    unit: 'min',
    cron: '*/15 * * * *',
    until: localInput(Date.now() + DAY_MS),
    spread: '',
    tags: '',
    connected: true,
    uptime: '',
    probes: probes === undefined ? 'rule' : 'list',
    count: '1',
    chosen: probes ?? [],
    visibility: 'public',
  };
}

function Form(): ReactNode {
  const search = route.useSearch();
  const navigate = useNavigate();
  const replace = route.useNavigate();
  const [draft, setDraft] = useState<Draft>(() => draftOf(search));
  const set = (change: Partial<Draft>): void => {
    setDraft((before) => ({ ...before, ...change }));
    if (change.kind !== undefined)
      void replace({ search: (before) => ({ ...before, kind: change.kind }), replace: true });
  };
  const start = useMutation({
    mutationFn: (key: string) =>
      answer(
        api.POST('/api/v1/operations', {
          body: requestOf(draft),
          params: { header: { 'Idempotency-Key': key } },
        }),
      ),
    onSuccess: ({ id }) => navigate({ to: '/operations/$id', params: { id }, search: {} }),
  });
  const quote = useQuote(draft);
  const problem = start.error === null ? quote.problem : problemOf(start.error);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate(crypto.getRandomValues(new Uint32Array(4)).join('-'));
      }}
    >
      <Head title="New measurement" />
      <div className="cols form">
        <div className="stack">
          <What draft={draft} set={set} problem={problem} asked={start.error !== null} />
          <When draft={draft} set={set} problem={problem} />
          <Where draft={draft} set={set} problem={problem} />
        </div>
        <div className="sticky">
          <Panel title="Summary">
            <div className="form">
              <Summary draft={draft} quote={quote.data} problem={problem} />
              <Choice
                legend="Visibility"
                options={[
                  ['public', 'Public'],
                  ['private', 'Private'],
                ]}
                value={draft.visibility}
                onChange={(visibility) => set({ visibility })}
              />
              <div className="actions">
                <Button type="submit" tone="primary" disabled={start.isPending}>
                  Start measurement
                </Button>
              </div>
            </div>
          </Panel>
        </div>
      </div>
    </form>
  );
}
