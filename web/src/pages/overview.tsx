import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { allProbes, spotOf } from '../api/all-probes.js';
import { coverage, type Operation, operations, type Probe, SOON_MS, stats } from '../api/queries.js';
import { WorldMap } from '../map/world-map.js';
import { OperationsTable } from '../operation/table.js';
import { titleOf } from '../operation/words.js';
import { useToken } from '../session/session.js';
import { FirstRun } from '../ui/first-run.js';
import { counted, whole } from '../ui/format.js';
import { useWhenIdle } from '../ui/idle.js';
import { Empty, Head, Loaded, Panel, Time } from '../ui/parts.js';

const NEWEST = 8;

/** Where the rows of the list lead. */
const loadOperation = () => import('./operation.js');

export function OverviewPage(): ReactNode {
  useWhenIdle(loadOperation);
  const navigate = useNavigate();
  const newest = useInfiniteQuery({ ...operations({ limit: 50 }), refetchInterval: SOON_MS });
  const everywhere = useQuery({ ...allProbes({}), refetchInterval: 15_000 });
  const probes = everywhere.data ?? [];
  const spots = useMemo(() => (everywhere.data ?? []).map(spotOf), [everywhere.data]);
  const items = (newest.data?.pages ?? []).flatMap((page) => page.items);
  const online = probes.filter(({ connected }) => connected).length;
  return (
    <div className="stack">
      <Head title="Overview">
        <Link to="/probes/new" className="button">
          Add a probe
        </Link>
        <Link to="/operations/new" search={{}} className="button primary">
          New measurement
        </Link>
      </Head>
      <FirstRun />
      <Figures />
      <div className="cols two">
        <Panel
          title="Probes of the platform"
          bare
          aside={
            <Link to="/probes" search={{}}>
              Show all
            </Link>
          }
        >
          {everywhere.isSuccess && probes.length === 0 && (
            <Empty title="No probe yet.">
              <p>A probe is a machine of yours that measures.</p>
            </Empty>
          )}
          <WorldMap
            spots={spots}
            label={`Map of all probes: ${counted(probes.length, 'probe')}, ${online} connected`}
            onChoose={(id) => void navigate({ to: '/probes/$id', params: { id } })}
          />
        </Panel>
        <Attention items={items} />
      </div>
      <Panel
        title="Newest operations"
        bare
        aside={
          <Link to="/operations" search={{}}>
            Show all
          </Link>
        }
      >
        <Loaded query={newest}>
          {() =>
            items.length === 0 ? (
              <Empty title="No measurement yet.">
                <p>Say what to measure, from where, and how often.</p>
              </Empty>
            ) : (
              <OperationsTable items={items.slice(0, NEWEST)} label="Table of the newest operations" />
            )
          }
        </Loaded>
      </Panel>
    </div>
  );
}

/** Of the whole platform, as the server counts them. */
function Figures(): ReactNode {
  const activity = useQuery({ ...stats(), refetchInterval: SOON_MS });
  const figures = activity.data;
  const shown = (count: number | undefined): string => (count === undefined ? '–' : whole(count));
  const stored = shown(figures?.minutes.reduce((total, minute) => total + minute.stored, 0));
  return (
    <dl className="figures">
      <div>
        <dt>Probes connected</dt>
        <dd>
          {shown(figures?.probes.connected)}{' '}
          <span className="unit">of {shown(figures?.probes.registered)}</span>
        </dd>
      </div>
      <div>
        <dt>Operations running</dt>
        <dd>{shown(figures?.operations_running)}</dd>
      </div>
      <div>
        <dt>Results in the last hour</dt>
        <dd>{stored}</dd>
      </div>
      <div>
        <dt>Runs missing in the last hour</dt>
        <dd>{shown(figures?.missing_last_hour ?? undefined)}</dd>
      </div>
    </dl>
  );
}

interface Trouble {
  key: string;
  text: ReactNode;
}

/** What somebody should look at, with the way there: own probes that are gone or whose clocks are off, runs that nobody can explain. */
function Attention({ items }: { items: readonly Operation[] }): ReactNode {
  const token = useToken();
  const own = useQuery({
    ...allProbes({ mine: true }),
    enabled: token !== undefined,
    refetchInterval: 15_000,
  });
  const running = items.filter(({ state }) => state === 'running').slice(0, 10);
  const accounts = useQueries({
    queries: running.map(({ id }) => ({ ...coverage(id, { limit: 1 }), staleTime: 30_000 })),
  });
  const troubles: Trouble[] = [
    ...(token === undefined ? [] : (own.data ?? []).flatMap(troubleOf)),
    ...running.flatMap((operation, index) => {
      const unexplained = accounts[index]?.data?.fates.unexplained ?? 0;
      return unexplained === 0
        ? []
        : [
            {
              key: operation.id,
              text: (
                <>
                  <Link to="/operations/$id" params={{ id: operation.id }} search={{}}>
                    {titleOf(operation)}
                  </Link>
                  : {counted(unexplained, 'run')} that nobody can explain
                </>
              ),
            },
          ];
    }),
  ];
  return (
    <Panel title="Needs attention">
      {token === undefined && <p className="muted">Log in to see what of yours needs attention.</p>}
      {token !== undefined && troubles.length === 0 && (
        <p className="muted">
          Nothing: your probes are there, their clocks are right, and every run is explained.
        </p>
      )}
      <ul className="stack">
        {troubles.slice(0, 12).map(({ key, text }) => (
          <li key={key}>{text}</li>
        ))}
      </ul>
    </Panel>
  );
}

function troubleOf(probe: Probe): Trouble[] {
  // it stands for a host that a file names: it never connects
  if (probe.imported) return [];
  const link = (
    <Link to="/probes/$id" params={{ id: probe.id }}>
      {probe.name ?? probe.id}
    </Link>
  );
  if (!probe.connected)
    return [
      {
        key: probe.id,
        text:
          probe.last_seen === null ? (
            <>{link} has never come: run the command that joins it</>
          ) : (
            <>
              {link} is gone since <Time at={probe.last_seen} />
            </>
          ),
      },
    ];
  if (probe.status !== null && !probe.status.clock_trusted)
    return [{ key: probe.id, text: <>{link}: its clock cannot be trusted</> }];
  return [];
}
