import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback, useState, type ReactNode } from 'react';
import type { LiveState } from '../api/events.js';
import { useProbeNames } from '../api/probe-names.js';
import { coverage, me, type Operation, operation, operationSeen, SOON_MS } from '../api/queries.js';
import { CoverageBar, fateName } from '../operation/coverage-bar.js';
import { ExportMenu } from '../operation/export-menu.js';
import { Figures } from '../operation/figures.js';
import { useLive } from '../operation/live.js';
import { Answers } from '../operation/answers.js';
import { Changes } from '../operation/changes.js';
import { ChangeLabels } from '../operation/labels.js';
import { OperationProbes } from '../operation/probes.js';
import { HopSeries } from '../operation/hop-series.js';
import { Paths } from '../operation/paths.js';
import { Stacks } from '../operation/stacks.js';
import { ShareMenu } from '../operation/share.js';
import { ResultsTable } from '../operation/results.js';
import { Stop } from '../operation/stop.js';
import { Progress } from '../operation/table.js';
import { destinationsOf, measuredBy, scheduleWords, titleOf } from '../operation/words.js';
import { known } from '../address/search.js';
import { counted, whole } from '../ui/format.js';
import { Head, Loaded, Loading, Panel, Problem, State, Time } from '../ui/parts.js';

const route = getRouteApi('/operations/$id');

export function OperationPage(): ReactNode {
  const { id } = route.useParams();
  const queries = useQueryClient();
  const query = useQuery({
    ...operation(id),
    refetchInterval: SOON_MS * 2,
    // who comes from a list need not wait for what the list has said
    placeholderData: () => operationSeen(queries, id),
  });
  if (query.data === undefined && query.error !== null)
    return (
      <>
        <Head title="Operation" />
        <Problem error={query.error} retry={query.refetch} />
      </>
    );
  return <Loaded query={query}>{(data) => <Measurement operation={data} />}</Loaded>;
}

function Measurement({ operation }: { operation: Operation }): ReactNode {
  const { id, kind, state } = operation;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Record<string, unknown>): void => {
    void navigate({ search: (before) => known({ ...before, ...change }), replace: true, resetScroll: false });
  };
  const user = useQuery(me()).data;
  const mine = user !== undefined && (user.id === operation.owner_id || user.is_superuser);
  const [shown, setShown] = useState(kind === 'warts');
  const onShown = useCallback(() => setShown(true), []);
  const names = useProbeNames(id, operation.probe_count, shown);
  const live = useLive(
    id,
    search.fate === 'failed' || search.fate === 'refused' ? { outcome: 'failed' } : {},
  );
  // the server goes through all runs for the plot and for this: the plot first
  const runs = useQuery({ ...coverage(id, { limit: 200 }), enabled: shown, refetchInterval: SOON_MS * 3 });
  return (
    <div className="stack">
      <Head
        title={titleOf(operation)}
        sub={
          <>
            <State state={state} />
            {operation.description !== null && ` · ${measuredBy(operation)}`} · {scheduleWords(operation)} ·{' '}
            {counted(operation.probe_count, 'probe')} · <Live state={live.state} />{' '}
            {operation.tags.map((tag) => (
              <span className="tag" key={tag}>
                {tag}
              </span>
            ))}
          </>
        }
      >
        {/* first: the row ends at the right, so what appears when it is known who looks moves nothing that stands there */}
        {mine && (state === 'running' || state === 'scheduled') && <Stop id={id} />}
        {mine && <ChangeLabels operation={operation} />}
        <ShareMenu operation={operation} />
        <ExportMenu operation={operation} from={search.from} to={search.to} />
      </Head>
      {live.state === 'lost' && (
        <div className="notice warn" role="alert">
          The connection to the server is lost. The page tries again by itself, and then shows what came
          meanwhile.
        </div>
      )}
      <Panel title="Coverage">
        <Loaded query={runs} lines={4}>
          {(data) => <CoverageBar id={id} coverage={data} />}
        </Loaded>
      </Panel>
      {kind !== 'warts' && (
        <Figures operation={operation} names={names} search={search} set={set} onShown={onShown} />
      )}
      {hasPaths(kind) && (
        <Paths id={id} range={rangeOf(search)} at={search.at} onAt={(at) => set({ at })} names={names} />
      )}
      {kind === 'mtr' && (
        <HopSeries
          id={id}
          range={rangeOf(search)}
          chosen={search.way}
          onChosen={(way) => set({ way })}
          names={names}
        />
      )}
      <Stacks operation={operation} search={search} />
      <Answers id={id} kind={kind} names={names} />
      <Changes id={id} names={names} />
      <section id="results">
        <Panel title="Results" bare aside={<FateFilter />}>
          {live.error !== null && live.rows.length === 0 ? (
            <Problem error={live.error} />
          ) : live.loading ? (
            <Loading lines={6} />
          ) : (
            <ResultsTable rows={live.rows} names={names} />
          )}
        </Panel>
      </section>
      <div className="cols two">
        <OperationProbes operation={operation} coverage={runs.data} names={names} user={user} />
        <Facts operation={operation} />
      </div>
    </div>
  );
}

function Live({ state }: { state: LiveState }): ReactNode {
  const words = { connecting: 'connecting', live: 'live', lost: 'connection lost' };
  return (
    <span className={state === 'lost' ? 'live off' : 'live'} role="status">
      {words[state]}
    </span>
  );
}

/** Kinds of which a summary has a path. */
const hasPaths = (kind: Operation['kind']): boolean => kind === 'traceroute' || kind === 'mtr';

function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function FateFilter(): ReactNode {
  const { fate } = route.useSearch();
  const { id } = route.useParams();
  if (fate === undefined) return <span className="small muted">newest first, live</span>;
  const brought = fate === 'failed' || fate === 'refused' || fate === 'received';
  return (
    <span className="small">
      {brought
        ? `Those that were ${fateName(fate)}`
        : `Runs that were ${fateName(fate)} brought nothing: see the table of probes`}{' '}
      ·{' '}
      <Link to="/operations/$id" params={{ id }} search={({ fate: _fate, ...rest }) => rest} hash="results">
        Show all
      </Link>
    </span>
  );
}

function Facts({ operation }: { operation: Operation }): ReactNode {
  const {
    id,
    number,
    selection,
    visibility,
    credits,
    refunded,
    created_at,
    ends_at,
    stopped_at,
    progress,
    probe_count,
  } = operation;
  const destinations = destinationsOf(operation);
  const params = Object.entries(operation.params).filter(
    ([name]) => !['ips', 'fqdns', 'urls'].includes(name),
  );
  return (
    <Panel title="What was asked for">
      <dl className="facts">
        <dt>Destinations</dt>
        <dd className="mono">
          {destinations.length === 0 && 'those that its file names'}
          {destinations.slice(0, 30).join(', ')}
          {destinations.length > 30 && ` and ${whole(destinations.length - 30)} more`}
        </dd>
        {params.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
        <dt>Progress</dt>
        <dd>
          {/* of what a file brought nothing was planned */}
          <Progress
            done={progress.received}
            of={Math.max(operation.runs_per_probe * probe_count, progress.received)}
          />
        </dd>
        <dt>Visibility</dt>
        <dd>{visibility}</dd>
        <dt>Credits</dt>
        <dd>
          {whole(credits)}
          {refunded !== null && `, ${whole(refunded)} paid back`}
        </dd>
        <dt>Created</dt>
        <dd>
          <Time at={created_at} />
        </dd>
        <dt>{stopped_at === null ? 'Ends' : 'Stopped'}</dt>
        <dd>
          <Time at={stopped_at ?? ends_at} />
        </dd>
        {selection !== null && (
          <>
            <dt>Probes by rule</dt>
            <dd className="mono">{ruleOf(selection)}</dd>
          </>
        )}
        <dt>Number</dt>
        <dd>{number}</dd>
        <dt>Id</dt>
        <dd className="mono">{id}</dd>
      </dl>
    </Panel>
  );
}

/** @returns a rule by its members; which of equals were chosen (the seed) tells nobody anything */
function ruleOf({ seed: _seed, ...rule }: NonNullable<Operation['selection']>): string {
  return Object.entries(rule)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function Fact({ name, value }: { name: string; value: unknown }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd className="mono">
        {value === '' ? 'yes' : typeof value === 'string' ? value : JSON.stringify(value)}
      </dd>
    </>
  );
}
