import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { answer, api, type Schemas } from '../../api/client.js';
import { type ApiProblem, problemOf } from '../../api/problem.js';
import { counted, every, spoken, whole } from '../../ui/format.js';
import { Problem } from '../../ui/parts.js';
import { useSettled } from '../../ui/settled.js';
import type { Mistake } from './mistakes.js';
import { destinationsIn, type Draft, requestOf, SECONDS } from './request.js';

const QUOTE_MS = 400;

/** What the server says of a draft, a moment after it was changed. */
export function useQuote(draft: Draft): {
  data: Schemas['QuoteDto'] | undefined;
  problem: ApiProblem | undefined;
} {
  const settled = useSettled(draft, QUOTE_MS);
  const ready =
    destinationsIn(settled.destinations).length > 0 &&
    (settled.probes === 'rule' || settled.chosen.length > 0);
  const query = useQuery({
    queryKey: ['quote', settled],
    enabled: ready,
    retry: false,
    queryFn: ({ signal }) =>
      answer(api.POST('/api/v1/operations/quote', { body: requestOf(settled), signal })),
    placeholderData: keepPreviousData,
  });
  if (!ready) return { data: undefined, problem: undefined };
  return {
    data: query.error === null ? query.data : undefined,
    problem: query.error === null ? undefined : problemOf(query.error),
  };
}

/** Runs and credits before anything is made, and what is wrong. */
export function Summary({
  draft,
  quote,
  problem,
  mistakes,
}: {
  draft: Draft;
  mistakes: readonly Mistake[];
  quote: Schemas['QuoteDto'] | undefined;
  problem: ApiProblem | undefined;
}): ReactNode {
  if (problem !== undefined && problem.errors.length === 0) return <Problem error={problem} />;
  if (problem !== undefined)
    return (
      <div className="notice bad" role="alert">
        <ul>
          {mistakes.map(({ field, label, message }) => (
            <li key={`${field} ${message}`}>
              <strong>{label}</strong> {message}
            </li>
          ))}
        </ul>
      </div>
    );
  if (quote === undefined)
    return (
      <p className="muted">Say what is to be measured and from where: then runs and credits stand here.</p>
    );
  const short = quote.credits > quote.balance;
  return (
    <>
      <p>{inWords(draft, quote)}</p>
      <dl className="facts">
        <dt>Runs</dt>
        <dd>{whole(quote.runs)}</dd>
        <dt>Probes</dt>
        <dd>{whole(quote.probe_count)}</dd>
        <dt>Credits</dt>
        <dd className={short ? 'wrong' : ''}>{whole(quote.credits)}</dd>
        <dt>You have</dt>
        <dd>{whole(quote.balance)}</dd>
        <dt>Load on each target</dt>
        <dd>{loadOf(draft, quote)}</dd>
      </dl>
      {short && (
        <p className="wrong">
          These are {whole(quote.credits - quote.balance)} more than you have. A superuser gives credits, and
          probes of yours earn them.
        </p>
      )}
    </>
  );
}

function inWords(draft: Draft, { runs, probe_count, runs_per_probe }: Schemas['QuoteDto']): string {
  const from = `from ${counted(probe_count, 'probe')}`;
  if (draft.schedule === 'once') return `Once, ${from}: ${counted(runs, 'run')}.`;
  const until = draft.until === '' ? '' : ` until ${spoken(new Date(draft.until).toISOString())}`;
  const seconds = Number(draft.every) * SECONDS[draft.unit];
  const rhythm =
    draft.schedule === 'cron' ? `By the crontab line ${draft.cron}` : every(seconds).replace(/^e/, 'E');
  return `${rhythm}${until}, ${from}: ${counted(runs, 'run')}, ${whole(runs_per_probe)} each.`;
}

function loadOf({ schedule }: Draft, { probe_count }: Schemas['QuoteDto']): string {
  return schedule === 'once'
    ? `${counted(probe_count, 'probe')}, once`
    : `${counted(probe_count, 'probe')} at each run`;
}
