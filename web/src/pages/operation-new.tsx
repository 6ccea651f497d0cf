import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { problemOf } from '../api/problem.js';
import { Choice } from '../operation/new/choice.js';
import { Summary, useQuote } from '../operation/new/summary.js';
import { What } from '../operation/new/what.js';
import { When } from '../operation/new/when.js';
import { Where } from '../operation/new/where.js';
import { draftOf, searchOf } from '../operation/new/draft.js';
import { mistakesOf } from '../operation/new/mistakes.js';
import { type Draft, requestOf } from '../operation/new/request.js';
import { RequireSession } from '../ui/require.js';
import { Button, Head, Panel } from '../ui/parts.js';
import { useSettled } from '../ui/settled.js';

const route = getRouteApi('/operations/new');
export function NewOperationPage(): ReactNode {
  return (
    <RequireSession title="New measurement">
      <Form />
    </RequireSession>
  );
}

function Form(): ReactNode {
  const search = route.useSearch();
  const navigate = useNavigate();
  const replace = route.useNavigate();
  const [draft, setDraft] = useState<Draft>(() => draftOf(search));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  // the address follows what is typed: it can be kept, sent to others, and reloaded
  const settled = useSettled(draft);
  useEffect(() => {
    void replace({ search: searchOf(settled), replace: true, resetScroll: false });
  }, [settled, replace]);
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
  const mistakes = mistakesOf(problem, draft);
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
          <What draft={draft} set={set} mistakes={mistakes} asked={start.error !== null} />
          <When draft={draft} set={set} mistakes={mistakes} />
          <Where draft={draft} set={set} mistakes={mistakes} />
        </div>
        <div className="sticky">
          <Panel title="Summary">
            <div className="form">
              <Summary draft={draft} quote={quote.data} problem={problem} mistakes={mistakes} />
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
