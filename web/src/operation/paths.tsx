import type { ReactNode } from 'react';
import { lineColour } from '../plots/palette.js';
import { localTime, ms, percent, whole } from '../ui/format.js';
import { Button, Empty, Loaded, Panel, Time } from '../ui/parts.js';
import { useDark } from '../ui/scheme.js';
import { DataTable } from '../ui/table.js';
import { PathGraph } from './path-graph.js';
import { type Hop, lastUpTo, type Trace } from './trace-data.js';
import { useHops, useTraces } from './traces.js';

interface Props {
  id: string;
  range: { from?: string; to?: string };
  /** up to which time paths are shown; undefined: the newest */
  at: string | undefined;
  onAt: (at: string | undefined) => void;
  names: ReadonlyMap<string, string>;
}

/** Which ways traces take: as a graph, over time, and as `traceroute` prints them. */
export function Paths({ id, range, at, onAt, names }: Props): ReactNode {
  const { query, traces } = useTraces(id, range);
  return (
    <Panel
      title="Paths"
      bare
      aside={
        at === undefined ? (
          <span className="small muted">the newest of each probe</span>
        ) : (
          <span className="small">
            as they were at <Time at={at} />{' '}
            <Button size="small" onClick={() => onAt(undefined)}>
              Show the newest
            </Button>
          </span>
        )
      }
    >
      <Loaded query={query} lines={8}>
        {() =>
          traces.length === 0 ? (
            <Empty title="No path yet.">
              <p>The graph begins with the first trace, by itself.</p>
            </Empty>
          ) : (
            <Shown traces={traces} at={at} onAt={onAt} names={names} />
          )
        }
      </Loaded>
    </Panel>
  );
}

/** @returns for each trace the last one before it that took another way */
function othersBefore(shown: readonly Trace[], traces: readonly Trace[]): Map<Trace, Trace> {
  return new Map(
    shown.flatMap((trace) => {
      const other = traces.findLast(
        ({ probe, destination, hash, at }) =>
          probe === trace.probe && destination === trace.destination && hash !== trace.hash && at < trace.at,
      );
      return other === undefined ? [] : [[trace, other] as const];
    }),
  );
}

function Shown({
  traces,
  at,
  onAt,
  names,
}: Pick<Props, 'at' | 'onAt' | 'names'> & { traces: readonly Trace[] }): ReactNode {
  const shown = lastUpTo(traces, at);
  const hops = useHops(shown);
  const before = othersBefore(shown, traces);
  const hashes = [...new Set(traces.map(({ hash }) => hash))];
  if (shown.length === 0) return <Empty title="There was no trace up to then." />;
  return (
    <>
      <PathGraph traces={shown} hops={hops} before={before} names={names} />
      {shown.map((trace) => (
        <OnePath
          key={`${trace.probe} ${trace.destination}`}
          trace={trace}
          own={traces.filter(
            ({ probe, destination }) => probe === trace.probe && destination === trace.destination,
          )}
          hashes={hashes}
          hops={hops.get(trace) ?? []}
          before={before.get(trace)}
          name={names.get(trace.probe) ?? trace.probe}
          onAt={onAt}
        />
      ))}
    </>
  );
}

function OnePath({
  trace,
  own,
  hashes,
  hops,
  before,
  name,
  onAt,
}: {
  trace: Trace;
  own: readonly Trace[];
  hashes: readonly string[];
  hops: readonly Hop[];
  before: Trace | undefined;
  name: string;
  onAt: Props['onAt'];
}): ReactNode {
  const title = `${name} to ${trace.destination}`;
  const different = new Set(own.map(({ hash }) => hash)).size;
  return (
    <div className="in path">
      <h3>{title}</h3>
      <p className="small muted">
        {trace.reached ? 'reached' : 'not reached'}, {ms(trace.rtt)}, <Time at={trace.at} /> ·{' '}
        {whole(different)} different in the last {whole(own.length)}
        {before !== undefined && (
          <>
            {' '}
            · another way until <Time at={before.at} />
          </>
        )}
      </p>
      <PathStrip own={own} hashes={hashes} at={trace.at} title={title} onAt={onAt} />
      {trace.hops.length > 0 ? (
        <HopFigures hops={hops} trace={trace} />
      ) : (
        <Hops hops={hops} before={before} />
      )}
    </div>
  );
}

/** A button for each stretch of traces that took the same way: a colour, a number, and when it began. */
function PathStrip({
  own,
  hashes,
  at,
  title,
  onAt,
}: {
  own: readonly Trace[];
  hashes: readonly string[];
  at: string;
  title: string;
  onAt: Props['onAt'];
}): ReactNode {
  const dark = useDark();
  const stretches: Trace[][] = [];
  for (const trace of own) {
    const last = stretches.at(-1);
    if (last?.[0]?.hash === trace.hash) last.push(trace);
    else stretches.push([trace]);
  }
  return (
    <div className="path-strip" role="group" aria-label={`Paths over time: ${title}`}>
      {stretches.map((stretch) => {
        const [first] = stretch;
        const last = stretch.at(-1);
        if (first === undefined || last === undefined) return null;
        const number = hashes.indexOf(first.hash) + 1;
        const said = `Path ${number} from ${localTime(first.at)}, ${whole(stretch.length)} traces`;
        return (
          <button
            key={first.at}
            type="button"
            aria-label={said}
            aria-pressed={first.at <= at && at <= last.at}
            title={said}
            style={{ flexGrow: stretch.length, background: lineColour(number - 1, dark) }}
            onClick={() => onAt(last.at)}
          />
        );
      })}
    </div>
  );
}

/** Reads like `mtr`. */
function HopFigures({ hops, trace }: { hops: readonly Hop[]; trace: Trace }): ReactNode {
  const of = (ttl: number, name: string): number | null => {
    const value = trace.hops[ttl - 1]?.[name];
    return typeof value === 'number' ? value : null;
  };
  return (
    <DataTable
      label={`Loss and times of each hop: ${trace.destination}`}
      keyOf={({ ttl }) => String(ttl)}
      items={hops}
      columns={[
        { head: 'Hop', right: true, cell: ({ ttl }) => ttl },
        { head: 'Address', names: true, className: 'mono', cell: ({ address }) => address ?? '*' },
        { head: 'Loss', right: true, cell: ({ loss }) => percent(loss) },
        { head: 'Sent', right: true, cell: ({ ttl }) => whole(of(ttl, 'sent') ?? 0) },
        ...(['avg', 'min', 'max', 'stddev'] as const).map((name) => ({
          head: { avg: 'Mean', min: 'Best', max: 'Worst', stddev: 'Deviation' }[name],
          right: true,
          cell: ({ ttl }: Hop) => ms(of(ttl, `rtt_${name}_ms`)),
        })),
      ]}
    />
  );
}

/** Reads like `traceroute`. */
function Hops({ hops, before }: { hops: readonly Hop[]; before: Trace | undefined }): ReactNode {
  return (
    <ol className="hops mono">
      {hops.map(({ ttl, address, name, rtts, labels, loss }) => {
        const was = before?.path[ttl - 1] ?? null;
        const changed = before !== undefined && was !== address;
        return (
          <li key={ttl} className={changed ? 'changed' : ''}>
            <span className="muted">{String(ttl).padStart(2)}</span>{' '}
            {address === null ? '*' : name === null ? address : `${name} (${address})`}{' '}
            {rtts.map((rtt) => ms(rtt)).join('  ')}
            {loss !== null && <span className="muted"> loss {percent(loss)}</span>}
            {labels.length > 0 && (
              <span className="muted"> [MPLS: {labels.map((label) => `L=${label}`).join(', ')}]</span>
            )}
            {changed && <span className="muted"> (was {was ?? '*'})</span>}
          </li>
        );
      })}
    </ol>
  );
}
