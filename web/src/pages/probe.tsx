import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { serverNow } from '../api/clock.js';
import { answer, api, type Schemas } from '../api/client.js';
import { useProbeLive } from '../api/probe-live.js';
import { me, type Probe, probe as probeQuery } from '../api/queries.js';
import { ChangeProbe } from '../probe/change.js';
import { ProbeFacts, protocolName } from '../probe/facts.js';
import { Clock, Measures, NewestResults } from '../probe/newest.js';
import { Suspend } from '../probe/suspend.js';
import { Copy } from '../ui/copy.js';
import { Dialog } from '../ui/dialog.js';
import { duration, localTime, percent, whole } from '../ui/format.js';
import { Button, Empty, Head, Loaded, Panel, Problem, Time } from '../ui/parts.js';
import { commandOf } from './probe-new.js';
import { ProbeState } from './probes.js';

const route = getRouteApi('/probes/$id');
const DAY_MS = 86_400_000;
const STRIP_DAYS = 30;

export function ProbePage(): ReactNode {
  const { id } = route.useParams();
  useProbeLive(id);
  const query = useQuery({ ...probeQuery(id), refetchInterval: 10_000 });
  if (query.data === undefined && query.error !== null)
    return (
      <>
        <Head title="Probe" />
        <Problem error={query.error} retry={query.refetch} />
      </>
    );
  return <Loaded query={query}>{(probe) => <OneProbe probe={probe} />}</Loaded>;
}

function OneProbe({ probe }: { probe: Probe }): ReactNode {
  const user = useQuery(me()).data;
  const superuser = user?.is_superuser === true;
  const own = user?.id === probe.owner_id;
  return (
    <div className="stack">
      <Head
        title={probe.name ?? probe.id}
        sub={
          <>
            <ProbeState connected={probe.connected} connection={probe.connection} />
            {probe.connection !== null && ` · ${protocolName(probe.connection.protocol)}`} · last seen{' '}
            <Time at={probe.last_seen} />{' '}
            {probe.tags.map((tag) => (
              <span className="tag" key={tag}>
                {tag}
              </span>
            ))}
          </>
        }
      >
        <Link to="/operations/new" search={{ probes: [probe.id] }} className="button primary">
          Measure with it
        </Link>
        {(own || superuser) && <ChangeProbe probe={probe} superuser={superuser} />}
        {(own || superuser) && <NewToken id={probe.id} />}
        {superuser && <Suspend probe={probe} />}
      </Head>
      {probe.suspended_at !== null && (
        <div className="notice warn">
          Suspended since <Time at={probe.suspended_at} />: {probe.suspended_reason}
        </div>
      )}
      <Panel title="Connections, 30 days">
        <Connections id={probe.id} />
      </Panel>
      <div className="cols two">
        <Panel title="State">
          <ProbeFacts probe={probe} />
        </Panel>
        <Panel title="Reliability" bare>
          <Reliability probe={probe} />
        </Panel>
      </div>
      <div className="cols two">
        <Clock probe={probe} />
        <Measures id={probe.id} />
      </div>
      <NewestResults probe={probe} />
    </div>
  );
}

function Connections({ id }: { id: string }): ReactNode {
  const query = useQuery({
    queryKey: ['sessions', id],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/probes/{id}/sessions', {
          params: { path: { id }, query: { limit: 1_000 } },
          signal,
        }),
      ),
    refetchInterval: 30_000,
  });
  return (
    <Loaded query={query} lines={2}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="It has never been connected.">
            <p>Run the command that joins it. Its owner gets a new one by “New token”.</p>
          </Empty>
        ) : (
          <Strip sessions={items} />
        )
      }
    </Loaded>
  );
}

function Strip({ sessions }: { sessions: readonly Schemas['ProbeSessionDto'][] }): ReactNode {
  const end = serverNow();
  const start = end - STRIP_DAYS * DAY_MS;
  const share = (time: number): number =>
    (100 * (Math.min(Math.max(time, start), end) - start)) / (end - start);
  const shown = sessions.filter(({ to }) => to === null || Date.parse(to) > start);
  const seconds = shown.reduce(
    (sum, { from, to }) =>
      sum + ((to === null ? end : Date.parse(to)) - Math.max(start, Date.parse(from))) / 1_000,
    0,
  );
  return (
    <>
      <svg
        className="strip"
        viewBox="0 0 100 10"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Connected for ${duration(seconds)} of the last ${STRIP_DAYS} days`}
      >
        <rect width="100" height="10" fill="var(--sunk)" />
        {shown.map(({ from, to }) => {
          const left = share(Date.parse(from));
          const right = share(to === null ? end : Date.parse(to));
          return (
            <rect
              key={from}
              x={left}
              width={Math.max(0.12, right - left)}
              height="10"
              fill="var(--fate-received)"
            />
          );
        })}
      </svg>
      <p className="small muted ends">
        <span>{localTime(start).slice(0, 10)}</span>
        <span>connected for {duration(seconds)}</span>
        <span>now</span>
      </p>
      <details>
        <summary>Table</summary>
        <div className="scroll tall" role="group" aria-label="Table of connections" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Length</th>
                <th scope="col">Version</th>
                <th scope="col">Ended by</th>
              </tr>
            </thead>
            <tbody>
              {sessions.slice(0, 200).map(({ from, to, duration_s, version, reason }) => (
                <tr key={from}>
                  <td>
                    <Time at={from} />
                  </td>
                  <td>{to === null ? 'now' : <Time at={to} />}</td>
                  <td>{duration(duration_s)}</td>
                  <td>{version ?? '–'}</td>
                  <td>{reason ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function Reliability({ probe }: { probe: Probe }): ReactNode {
  const { reliability } = probe;
  if (reliability === null) return <Empty title="Not measured yet: it takes some minutes." />;
  return (
    <div className="scroll" role="group" aria-label="Table of reliability" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Window</th>
            <th scope="col" className="right">
              Uptime
            </th>
            <th scope="col" className="right">
              Runs due
            </th>
            <th scope="col" className="right">
              Came
            </th>
          </tr>
        </thead>
        <tbody>
          {(['day', 'week', 'month'] as const).map((window) => (
            <tr key={window}>
              <th scope="row">{window}</th>
              <td className="right">{percent(reliability[window].uptime)}</td>
              <td className="right">{whole(reliability[window].due)}</td>
              <td className="right">{percent(reliability[window].share)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A new token is also how one that got into wrong hands is revoked. */
function NewToken({ id }: { id: string }): ReactNode {
  const [open, setOpen] = useState(false);
  const renew = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/probes/{id}/token', { params: { path: { id } } })),
  });
  const command = renew.data && commandOf(renew.data.token);
  return (
    <>
      <Button
        onClick={() => {
          renew.reset();
          setOpen(true);
        }}
      >
        New token
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Revoke the token, and get a new one?"
        description="The probe is disconnected at once, and comes back only with the new token."
      >
        {renew.error !== null && <Problem error={renew.error} />}
        {command !== undefined && (
          <>
            <code className="command">{command}</code>
            <Copy text={command} />
          </>
        )}
        <div className="actions">
          <Button onClick={() => setOpen(false)}>{command === undefined ? 'Cancel' : 'Close'}</Button>
          {command === undefined && (
            <Button tone="danger" disabled={renew.isPending} onClick={() => renew.mutate()}>
              Revoke and renew
            </Button>
          )}
        </div>
      </Dialog>
    </>
  );
}
