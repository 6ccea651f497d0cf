import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { allProbes, spotOf } from '../api/all-probes.js';
import type { Probe } from '../api/queries.js';
import { WorldMap } from '../map/world-map.js';
import { NEAR_KM, ProbeFilters } from '../probe/filters.js';
import { protocolName } from '../probe/facts.js';
import { known } from '../address/search.js';
import { counted, percent } from '../ui/format.js';
import { Button, Empty, Head, Loaded, Panel, State, Time } from '../ui/parts.js';

const route = getRouteApi('/probes');
const ROWS = 100;

export function ProbesPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [rows, setRows] = useState(ROWS);
  const { connected, mine, tag, country, asn, kind, uptime, latitude, longitude, within } = search;
  const query = useQuery({
    ...allProbes({
      ...(connected !== undefined && { connected }),
      ...(mine === true && { mine }),
      ...(tag !== undefined && { tag: [tag] }),
      ...(country?.length === 2 && { country: [country] }),
      ...(asn !== undefined && { asn: [asn] }),
      ...(kind !== undefined && { kind: [kind] }),
      ...(uptime !== undefined && { min_uptime: uptime / 100 }),
      ...(latitude !== undefined &&
        longitude !== undefined && { latitude, longitude, within_km: within ?? NEAR_KM }),
    }),
    refetchInterval: 15_000,
  });
  const wanted = search.text?.toLowerCase();
  const items = useMemo(
    () =>
      (query.data ?? []).filter(
        ({ name, id }) => wanted === undefined || (name ?? id).toLowerCase().includes(wanted),
      ),
    [query.data, wanted],
  );
  const spots = useMemo(() => items.map(spotOf), [items]);
  const set = (change: Record<string, unknown>): void => {
    void navigate({ search: known({ ...search, ...change }), replace: true });
  };
  const chosen = search.probe === undefined ? undefined : [search.probe];
  // the chosen one is in sight, whatever the order
  const shown =
    chosen === undefined
      ? items
      : [...items].sort((a, b) => Number(b.id === search.probe) - Number(a.id === search.probe));
  const online = items.filter((probe) => probe.connected).length;
  return (
    <>
      <Head title="Probes">
        <Link to="/sites" search={{}} className="button">
          Sites
        </Link>
        <Link to="/probes/new" className="button primary">
          Add a probe
        </Link>
      </Head>
      <div className="stack">
        <section className="panel in-form" aria-label="Filters of probes">
          <ProbeFilters search={search} set={set} />
        </section>
        <div className="cols two">
          <Panel
            title="Table"
            bare
            aside={
              <span className="small muted">
                {counted(items.length, 'probe')}, {online} connected
              </span>
            }
          >
            <Loaded query={query} lines={10}>
              {() =>
                items.length === 0 ? (
                  <None filtered={Object.values(search).some((each) => each !== undefined)} />
                ) : (
                  <>
                    <Table
                      items={shown.slice(0, rows)}
                      chosen={search.probe}
                      onChoose={(id) => set({ probe: id })}
                    />
                    {items.length > rows && (
                      <div className="in tight">
                        <Button size="small" onClick={() => setRows(rows + ROWS)}>
                          Show more
                        </Button>
                      </div>
                    )}
                  </>
                )
              }
            </Loaded>
          </Panel>
          <Panel
            title="Map"
            bare
            aside={
              <span className="small muted">
                click where there is no probe: those within {within ?? NEAR_KM} km
              </span>
            }
          >
            <WorldMap
              spots={spots}
              label={`Map of ${counted(items.length, 'probe')}, ${online} connected. The table beside it has the same.`}
              height={460}
              chosen={chosen}
              onChoose={(id) => set({ probe: id })}
              onPlace={(place) => set({ ...place, within: within ?? NEAR_KM })}
              place={latitude !== undefined && longitude !== undefined ? { latitude, longitude } : undefined}
            />
          </Panel>
        </div>
      </div>
    </>
  );
}

function None({ filtered }: { filtered: boolean }): ReactNode {
  return filtered ? (
    <Empty title="No probe matches these filters.">
      <p>
        <Link to="/probes" search={{}}>
          Show all
        </Link>
      </p>
    </Empty>
  ) : (
    <Empty title="No probe yet.">
      <p>A probe is a machine of yours that measures. One command joins it.</p>
      <p>
        <Link to="/probes/new" className="button primary">
          Add a probe
        </Link>
      </p>
    </Empty>
  );
}

function Table({
  items,
  chosen,
  onChoose,
}: {
  items: readonly Probe[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
}): ReactNode {
  return (
    <div className="scroll tall" role="group" aria-label="Table of probes" tabIndex={0}>
      <table className="lines">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col" className="right">
              Uptime, week
            </th>
            <th scope="col">Where</th>
            <th scope="col">Kinds</th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {items.map((probe) => (
            <tr
              key={probe.id}
              className={probe.id === chosen ? 'chosen' : ''}
              onMouseDown={() => onChoose(probe.id)}
            >
              <th scope="row" className="name-cell">
                <Link to="/probes/$id" params={{ id: probe.id }}>
                  {probe.name ?? probe.id}
                </Link>
                <div>
                  {probe.connection !== null && probe.connection.protocol !== 'native' && (
                    <span className="tag own">{protocolName(probe.connection.protocol)}</span>
                  )}
                  {probe.tags.filter(isOwn).map((tag) => (
                    <span className="tag" key={tag}>
                      {tag}
                    </span>
                  ))}
                </div>
              </th>
              <td>
                <ProbeState connected={probe.connected} connection={probe.connection} />
              </td>
              <td className="right">{percent(probe.reliability?.week.uptime)}</td>
              <td className="small fit">
                {probe.country ?? '–'}
                {(probe.asn_v4 ?? probe.asn_v6) !== null && ` AS${String(probe.asn_v4 ?? probe.asn_v6)}`}
              </td>
              <td className="small fit">{probe.kinds?.join(' ') ?? '–'}</td>
              <td className="small">
                <Time at={probe.last_seen} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the server gives stands in other columns. */
const isOwn = (tag: string): boolean => !tag.startsWith('system-');

export function ProbeState({
  connected,
  connection = null,
}: {
  connected: boolean;
  connection?: Pick<NonNullable<Probe['connection']>, 'protocol' | 'status'> | null;
}): ReactNode {
  const status = connection?.status ?? null;
  // some are connected long before they take work
  if (connected && status !== null && status !== 'ready')
    return (
      <span
        className="state away"
        title={`a ${connection?.protocol ?? ''} probe that is connected, and takes no work`}
      >
        {status}
      </span>
    );
  return connected ? <State state="connected" /> : <span className="state away">not connected</span>;
}
