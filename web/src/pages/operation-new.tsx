import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useId, useMemo, useState, type ReactNode } from 'react';
import { SCHEDULE, SELECT } from '../../generated/texts.js';
import { allProbes, spotOf } from '../api/all-probes.js';
import { answer, api, type Schemas } from '../api/client.js';
import type { ParamField } from '../api/param-field.js';
import { type ApiProblem, problemOf } from '../api/problem.js';
import type { Kind, Probe } from '../api/queries.js';
import { WorldMap } from '../map/world-map.js';
import { advanced, destinationsIn, type Draft, requestOf } from '../operation/request.js';
import { RequireSession } from '../session/require.js';
import { counted, every, percent, spoken, whole } from '../ui/format.js';
import { Button, Empty, Field, Head, Loaded, Panel, Problem } from '../ui/parts.js';
import { ProbeState } from './probes.js';

const route = getRouteApi('/operations/new');
const KINDS: readonly (readonly [Kind, string])[] = [
  ['ping', 'Round-trip time and loss'],
  ['traceroute', 'The path, hop by hop'],
  ['dns', 'What a name server answers'],
  ['http', 'A request, by its phases'],
  ['tls', 'A handshake, and its certificate'],
  ['ntp', 'What a time server says'],
  ['mtr', 'The path, with loss and time of each hop'],
];
const PLACEHOLDER: Partial<Record<Kind, string>> = { http: 'https://example.org/', dns: 'example.org' };
const QUOTE_MS = 400;
const DAY_MS = 86_400_000;
const ROWS = 200;

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

function Form(): ReactNode {
  const search = route.useSearch();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(() => ({
    ...{
      kind: search.kind ?? 'ping',
      destinations: search.to ?? '',
      params: {},
      schedule: 'once',
      every: '5',
      unit: 'min',
    },
    ...{
      cron: '*/15 * * * *',
      until: localInput(Date.now() + DAY_MS),
      spread: '',
      tags: '',
      connected: true,
      uptime: '',
    },
    ...{
      probes: search.probes === undefined ? 'rule' : 'list',
      count: '1',
      chosen: search.probes ?? [],
      visibility: 'public',
    },
  }));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
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
  const asked = start.error !== null;
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
          <What draft={draft} set={set} problem={problem} asked={asked} />
          <When draft={draft} set={set} problem={problem} />
          <Where draft={draft} set={set} />
        </div>
        <div className="stack">
          <Panel title="Summary">
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
          </Panel>
        </div>
      </div>
    </form>
  );
}

/** What the server says of a draft, a moment after it was changed. */
function useQuote(draft: Draft): { data: Schemas['QuoteDto'] | undefined; problem: ApiProblem | undefined } {
  const [settled, setSettled] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(draft), QUOTE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
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

function Choice<T extends string>({
  legend,
  options,
  value,
  onChange,
}: {
  legend: string;
  options: readonly (readonly [T, string, string?])[];
  value: T;
  onChange: (value: T) => void;
}): ReactNode {
  const name = useId();
  return (
    <fieldset role="radiogroup" aria-label={legend}>
      <legend className="legend">{legend}</legend>
      <div className="choices">
        {options.map(([each, text, hint]) => (
          <label className="radio" key={each} {...(hint !== undefined && { title: hint })}>
            <input
              type="radio"
              name={name}
              value={each}
              checked={each === value}
              onChange={() => onChange(each)}
            />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface Part {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

function What({
  draft,
  set,
  problem,
  asked,
}: Part & { problem: ApiProblem | undefined; asked: boolean }): ReactNode {
  const { kind } = draft;
  const wrongPlace = ['params.ips', 'params.fqdns', 'params.urls', 'params']
    .map((field) =>
      problem?.errors.find(
        (each) =>
          each.field.startsWith(field) &&
          !advanced(kind).some(({ name }) => each.field.startsWith(`params.${name}`)),
      ),
    )
    .find(Boolean);
  const empty = asked && destinationsIn(draft.destinations).length === 0;
  return (
    <Panel title="What">
      <div className="form">
        <Choice
          legend="Kind"
          options={KINDS.map(([each, hint]) => [each, each, hint] as const)}
          value={kind}
          onChange={(next) => set({ kind: next, params: {} })}
        />
        <p className="small muted">{KINDS.find(([each]) => each === kind)?.[1]}.</p>
        <Field
          label="Destinations"
          hint="One a line, or separated by commas."
          wrong={
            empty
              ? 'must not be empty'
              : wrongPlace === undefined
                ? undefined
                : `: ${wrongPlace.field.replace('params.', '')} ${wrongPlace.message}`
          }
        >
          {(describing) => (
            <textarea
              {...describing}
              rows={3}
              spellCheck={false}
              autoCapitalize="off"
              placeholder={PLACEHOLDER[kind] ?? '192.0.2.1'}
              value={draft.destinations}
              onChange={(event) => set({ destinations: event.target.value })}
            />
          )}
        </Field>
        <details>
          <summary>Advanced parameters</summary>
          <div className="grid-fields">
            {advanced(kind).map((field) => (
              <Param
                key={`${kind} ${field.name}`}
                field={field}
                value={draft.params[field.name] ?? ''}
                wrong={problem?.errors.find((each) => each.field === `params.${field.name}`)?.message}
                onChange={(value) => set({ params: { ...draft.params, [field.name]: value } })}
              />
            ))}
          </div>
        </details>
      </div>
    </Panel>
  );
}

function Param({
  field,
  value,
  wrong,
  onChange,
}: {
  field: ParamField;
  value: string;
  wrong: string | undefined;
  onChange: (value: string) => void;
}): ReactNode {
  const { name, description, type, values, preset, open } = field;
  const unset = preset === undefined ? 'not given' : `${String(preset)} (default)`;
  const options =
    type === 'switch' ? ['on'] : type === 'boolean' ? ['true', 'false'] : open === true ? undefined : values;
  return (
    <Field label={name} hint={description} wrong={wrong}>
      {(describing) =>
        options === undefined ? (
          <input
            {...describing}
            type="text"
            inputMode={type === 'integer' || type === 'number' ? 'decimal' : 'text'}
            placeholder={unset}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <select {...describing} value={value} onChange={(event) => onChange(event.target.value)}>
            <option value="">{unset}</option>
            {options.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )
      }
    </Field>
  );
}

function When({ draft, set, problem }: Part & { problem: ApiProblem | undefined }): ReactNode {
  const wrong = (name: string): string | undefined =>
    problem?.errors.find(({ field }) => field.startsWith(`schedule.${name}`))?.message;
  return (
    <Panel title="When">
      <div className="form">
        <Choice
          legend="Schedule"
          options={[
            ['once', 'Once'],
            ['interval', 'Repeat'],
            ['cron', 'Cron'],
          ]}
          value={draft.schedule}
          onChange={(schedule) => set({ schedule })}
        />
        <div className="row">
          {draft.schedule === 'interval' && (
            <>
              <Field label="Every" wrong={wrong('every_s')}>
                {(describing) => (
                  <input
                    {...describing}
                    type="number"
                    min={1}
                    value={draft.every}
                    onChange={(event) => set({ every: event.target.value })}
                  />
                )}
              </Field>
              <Field label="Unit">
                {(describing) => (
                  <select
                    {...describing}
                    value={draft.unit}
                    onChange={(event) => set({ unit: event.target.value as Draft['unit'] })}
                  >
                    <option value="s">seconds</option>
                    <option value="min">minutes</option>
                    <option value="h">hours</option>
                  </select>
                )}
              </Field>
            </>
          )}
          {draft.schedule === 'cron' && (
            <Field label="Crontab line" hint={SCHEDULE['cron']} wrong={wrong('cron')}>
              {(describing) => (
                <input
                  {...describing}
                  type="text"
                  className="mono"
                  value={draft.cron}
                  onChange={(event) => set({ cron: event.target.value })}
                />
              )}
            </Field>
          )}
          {draft.schedule !== 'once' && (
            <Field label="Until" hint="in your time zone" wrong={wrong('stop')}>
              {(describing) => (
                <input
                  {...describing}
                  type="datetime-local"
                  value={draft.until}
                  onChange={(event) => set({ until: event.target.value })}
                />
              )}
            </Field>
          )}
        </div>
        {draft.schedule !== 'once' && (
          <details>
            <summary>Spread over time</summary>
            <Field label="Spread, seconds" hint={SCHEDULE['spread_s']} wrong={wrong('spread_s')}>
              {(describing) => (
                <input
                  {...describing}
                  type="number"
                  min={0}
                  value={draft.spread}
                  onChange={(event) => set({ spread: event.target.value })}
                />
              )}
            </Field>
          </details>
        )}
      </div>
    </Panel>
  );
}

function Where({ draft, set }: Part): ReactNode {
  return (
    <Panel title="From where">
      <div className="form">
        <Choice
          legend="Probes"
          options={[
            ['rule', 'By rule'],
            ['list', 'From the list'],
            ['map', 'From the map'],
          ]}
          value={draft.probes}
          onChange={(probes) => set({ probes })}
        />
        {draft.probes === 'rule' ? <Rule draft={draft} set={set} /> : <Pick draft={draft} set={set} />}
      </div>
    </Panel>
  );
}

function Rule({ draft, set }: Part): ReactNode {
  return (
    <div className="row">
      <Field label="How many" hint="Chosen by lot among those that match, once.">
        {(describing) => (
          <input
            {...describing}
            type="number"
            min={1}
            value={draft.count}
            onChange={(event) => set({ count: event.target.value })}
          />
        )}
      </Field>
      <Field label="With tags" hint={SELECT['tags']}>
        {(describing) => (
          <input
            {...describing}
            type="text"
            value={draft.tags}
            onChange={(event) => set({ tags: event.target.value })}
          />
        )}
      </Field>
      <Field label="Uptime at least, %" hint="of the last week">
        {(describing) => (
          <input
            {...describing}
            type="number"
            min={0}
            max={100}
            value={draft.uptime}
            onChange={(event) => set({ uptime: event.target.value })}
          />
        )}
      </Field>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.connected}
          onChange={(event) => set({ connected: event.target.checked })}
        />
        Connected now
      </label>
    </div>
  );
}

const nameOf = (probe: Probe): string => probe.name ?? probe.id;

function Pick({ draft, set }: Part): ReactNode {
  const query = useQuery(allProbes({ kind: [draft.kind] }));
  const [text, setText] = useState('');
  const items = useMemo(() => {
    const wanted = text.toLowerCase();
    return (query.data ?? []).filter(
      (probe) =>
        nameOf(probe).toLowerCase().includes(wanted) || probe.tags.some((tag) => tag.includes(wanted)),
    );
  }, [query.data, text]);
  const spots = useMemo(() => items.map(spotOf), [items]);
  const toggle = (id: string): void =>
    set({
      chosen: draft.chosen.includes(id) ? draft.chosen.filter((each) => each !== id) : [...draft.chosen, id],
    });
  return (
    <>
      <p className="small muted">
        {counted(draft.chosen.length, 'probe')} chosen
        {draft.chosen.length > 0 && (
          <Button tone="plain" size="small" onClick={() => set({ chosen: [] })}>
            Choose none
          </Button>
        )}
      </p>
      {draft.probes === 'map' ? (
        <WorldMap
          spots={spots}
          label={`Map of ${counted(spots.length, 'probe')}: a click chooses one. The list has the same.`}
          chosen={draft.chosen}
          onChoose={toggle}
        />
      ) : (
        <>
          <Field label="Find" hint="a name or a tag">
            {(describing) => (
              <input
                {...describing}
                type="search"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
          <Loaded query={query}>
            {() =>
              items.length === 0 ? (
                <Empty title={`No probe that can do ${draft.kind} matches.`} />
              ) : (
                <div className="scroll tall" role="region" aria-label="Table of probes" tabIndex={0}>
                  <table className="lines">
                    <thead>
                      <tr>
                        <th scope="col">Probe</th>
                        <th scope="col">State</th>
                        <th scope="col" className="right">
                          Uptime, week
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.slice(0, ROWS).map((probe) => (
                        <tr key={probe.id}>
                          <td className="name-cell">
                            <label className="check">
                              <input
                                type="checkbox"
                                checked={draft.chosen.includes(probe.id)}
                                onChange={() => toggle(probe.id)}
                              />
                              {nameOf(probe)}
                            </label>
                          </td>
                          <td>
                            <ProbeState connected={probe.connected} />
                          </td>
                          <td className="right">{percent(probe.reliability?.week.uptime)}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )
            }
          </Loaded>
          {items.length > ROWS && (
            <p className="small muted">The first {whole(ROWS)}: find others by name.</p>
          )}
        </>
      )}
    </>
  );
}

/** Runs and credits before anything is made, and what is wrong. */
function Summary({
  draft,
  quote,
  problem,
}: {
  draft: Draft;
  quote: Schemas['QuoteDto'] | undefined;
  problem: ApiProblem | undefined;
}): ReactNode {
  if (problem !== undefined && problem.errors.length === 0) return <Problem error={problem} />;
  if (problem !== undefined)
    return (
      <div className="notice bad" role="alert">
        <ul>
          {problem.errors.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              <code>{field}</code> {message}
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
  const seconds = Number(draft.every) * { s: 1, min: 60, h: 3_600 }[draft.unit];
  const rhythm =
    draft.schedule === 'cron' ? `By the crontab line ${draft.cron}` : every(seconds).replace(/^e/, 'E');
  return `${rhythm}${until}, ${from}: ${counted(runs, 'run')}, ${whole(runs_per_probe)} each.`;
}

function loadOf({ schedule }: Draft, { probe_count }: Schemas['QuoteDto']): string {
  return schedule === 'once'
    ? `${counted(probe_count, 'probe')}, once`
    : `${counted(probe_count, 'probe')} at each run`;
}
