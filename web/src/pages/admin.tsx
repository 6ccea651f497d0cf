import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { allProbes } from '../api/all-probes.js';
import { answer, api } from '../api/client.js';
import { problemOf } from '../api/problem.js';
import { me, type Probe } from '../api/queries.js';
import { known } from '../search.js';
import { RequireSession } from '../session/require.js';
import { counted, ms, whole } from '../ui/format.js';
import { Button, Empty, Field, Head, Loaded, Panel, Problem, Time } from '../ui/parts.js';

const route = getRouteApi('/admin');

export function AdminPage(): ReactNode {
  return (
    <RequireSession title="Administration">
      <Administration />
    </RequireSession>
  );
}

function Administration(): ReactNode {
  const user = useQuery(me());
  return (
    <div className="stack">
      <Head title="Administration" />
      <Loaded query={user} lines={3}>
        {({ is_superuser }) =>
          is_superuser ? (
            <>
              <Health />
              <div className="cols two">
                <Clocks />
                <div className="stack">
                  <Credits />
                  <Target />
                </div>
              </div>
            </>
          ) : (
            <div className="notice warn">This page is for superusers. Your account is none.</div>
          )
        }
      </Loaded>
    </div>
  );
}

function Health(): ReactNode {
  const query = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => answer(api.GET('/health/ready', { signal })),
    refetchInterval: 5_000,
  });
  return (
    <Panel title="Servers">
      <Loaded query={query} lines={4}>
        {(health) => (
          <dl className="facts">
            {Object.entries(health as Record<string, unknown>).map(([name, value]) => (
              <Row key={name} name={name} value={value} />
            ))}
          </dl>
        )}
      </Loaded>
    </Panel>
  );
}

function Row({ name, value }: { name: string; value: unknown }): ReactNode {
  const shown =
    typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([key, each]) => `${key} ${typeof each === 'object' ? JSON.stringify(each) : String(each)}`)
          .join(' · ')
      : String(value);
  return (
    <>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd>{shown}</dd>
    </>
  );
}

function Clocks(): ReactNode {
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
            <div className="scroll" role="region" aria-label="Table of clocks" tabIndex={0}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Probe</th>
                    <th scope="col" className="right">
                      Offset
                    </th>
                    <th scope="col" className="right">
                      Bound
                    </th>
                    <th scope="col">Said at</th>
                  </tr>
                </thead>
                <tbody>
                  {off.map((probe: Probe) => (
                    <tr key={probe.id}>
                      <th scope="row" className="name-cell">
                        <Link to="/probes/$id" params={{ id: probe.id }}>
                          {probe.name ?? probe.id}
                        </Link>
                      </th>
                      <td className="right">{ms(probe.status?.clock.offset_ms)}</td>
                      <td className="right">± {ms(probe.status?.clock.error_ms)}</td>
                      <td className="small">
                        <Time at={probe.status?.at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Credits(): ReactNode {
  const { user } = route.useSearch();
  const [id, setId] = useState(user ?? '');
  const [credits, setCredits] = useState('1000');
  const grant = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/users/{id}/credits', {
          params: { path: { id: id.trim() } },
          body: { credits: Number(credits) },
        }),
      ),
  });
  const wrong = grant.error === null ? undefined : problemOf(grant.error);
  return (
    <Panel title="Give credits">
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          grant.mutate();
        }}
      >
        <Field label="User id" hint="It stands on the account's page." wrong={wrong?.of('id')}>
          {(describing) => (
            <input
              {...describing}
              type="text"
              className="mono"
              value={id}
              onChange={(event) => setId(event.target.value)}
            />
          )}
        </Field>
        <Field label="Credits" wrong={wrong?.of('credits')}>
          {(describing) => (
            <input
              {...describing}
              type="number"
              min={1}
              value={credits}
              onChange={(event) => setCredits(event.target.value)}
            />
          )}
        </Field>
        {wrong !== undefined && wrong.errors.length === 0 && <Problem error={wrong} />}
        {grant.data !== undefined && (
          <p className="notice good" role="status">
            Done: the balance is {whole(grant.data.credits)}.
          </p>
        )}
        <div className="actions">
          <Button type="submit" disabled={grant.isPending}>
            Give credits
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function Target(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(search.target ?? '');
  const query = useQuery({
    queryKey: ['target', search.target],
    enabled: search.target !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/targets', { params: { query: { address: search.target ?? '' } }, signal })),
  });
  return (
    <Panel title="Load on a target">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: known({ ...search, target: typed.trim() || undefined }) });
        }}
      >
        <Field label="Address or name">
          {(describing) => (
            <input
              {...describing}
              type="text"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit">Look up</Button>
      </form>
      {search.target !== undefined && (
        <Loaded query={query} lines={3}>
          {({ target, operations, limits, strongest }) => (
            <div className="stack">
              <p>
                <span className="mono">{target}</span>: {counted(operations, 'live operation')}
                {limits.map(
                  ({ bound, used, limit }) =>
                    ` · ${bound.replace('target_', '')} ${whole(used)} of ${limit === null ? 'any' : whole(limit)}`,
                )}
              </p>
              <ul>
                {strongest.map(({ operation_id, probes, packets_per_s }) => (
                  <li key={operation_id}>
                    <Link to="/operations/$id" params={{ id: operation_id }} search={{}} className="mono">
                      {operation_id}
                    </Link>{' '}
                    {counted(probes, 'probe')}, {whole(packets_per_s)} packets/s
                  </li>
                ))}
              </ul>
            </div>
          )}
        </Loaded>
      )}
    </Panel>
  );
}
