import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { answer, api } from '../api/client.js';
import { operations, type Probe, type Result, type Results } from '../api/queries.js';
import { ResultsTable } from '../operation/results.js';
import { rowsOf } from '../operation/figure-data.js';
import { FiguresTable } from '../operation/figure-parts.js';
import { SavePlot } from '../plots/save.js';
import { timePlotSvg } from '../plots/time-plot-svg.js';
import { useDark } from '../ui/scheme.js';
import { scheduleWords, titleOf } from '../operation/words.js';
import { TimePlot, type TimePlotData } from '../plots/time-plot.js';
import { localTime, ms } from '../ui/format.js';
import { More } from '../ui/more.js';
import { Empty, Loaded, Panel, State } from '../ui/parts.js';

const TITLE = 'Clock offset';
const LOOKED_AT = 500;
const SHOWN = 20;
const MOST_OPERATIONS = 12;
/** Of those that are running, and of the newest: a search goes through 200 in all. */
const SEARCHED = 60;

/** @returns the operations in which a probe's newest results are: of one that clients ask there are more than one search takes */
async function searched(probe: string, signal: AbortSignal): Promise<string[]> {
  const lists = await Promise.all(
    [{ state: 'running' as const }, {}].map((which) =>
      answer(
        api.GET('/api/v1/operations', { params: { query: { ...which, probe, limit: SEARCHED } }, signal }),
      ),
    ),
  );
  return [...new Set(lists.flatMap(({ items }) => items.map(({ id }) => id)))];
}

/** The newest results of a probe, of all operations that the one who asks may see: three panels show parts of them. */
const newest = (id: string) =>
  queryOptions({
    queryKey: ['results-of-probe', id],
    queryFn: async ({ signal }): Promise<Pick<Results, 'items'>> => {
      const operation = await searched(id, signal);
      if (operation.length === 0) return { items: [] };
      return (await answer(
        api.GET('/api/v1/results', {
          params: { query: { operation, probe: [id], order: 'desc', limit: LOOKED_AT } },
          signal,
        }),
      )) as Results;
    },
    refetchInterval: 15_000,
    retry: false,
  });

export function NewestResults({ probe: { id, name } }: { probe: Probe }): ReactNode {
  const query = useQuery(newest(id));
  return (
    <Panel title="Newest results" bare>
      <Loaded query={query}>
        {({ items }) => (
          <ResultsTable
            rows={items.slice(0, SHOWN).map((result) => ({ ...result, summary: result.summary ?? [] }))}
            names={new Map([[id, name ?? id]])}
          />
        )}
      </Loaded>
    </Panel>
  );
}

/** The operations that it is in, the newest first. */
export function Measures({ id }: { id: string }): ReactNode {
  const query = useInfiniteQuery({
    ...operations({ probe: id, limit: MOST_OPERATIONS }),
    refetchInterval: 15_000,
  });
  return (
    <Panel title="What it measures">
      <Loaded query={query} lines={3}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="Nothing yet.">
              <p>“Measure with it” begins something.</p>
            </Empty>
          ) : (
            <>
              <ul className="stack">
                {items.map((operation) => (
                  <li key={operation.id}>
                    <Link to="/operations/$id" params={{ id: operation.id }} search={{}}>
                      {titleOf(operation)}
                    </Link>{' '}
                    <State state={operation.state} />{' '}
                    <span className="small muted">{scheduleWords(operation)}</span>
                  </li>
                ))}
              </ul>
              <More query={query} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** How far the probe's clock was off, by what came with its results. */
export function Clock({ probe: { id, name } }: { probe: Probe }): ReactNode {
  const query = useQuery(newest(id));
  const [at, setAt] = useState<number | null>(null);
  const dark = useDark();
  const shown = useMemo(() => query.data && offsetsOf(query.data.items), [query.data]);
  const draw = () =>
    shown && timePlotSvg(shown, { title: `${TITLE}: ${name ?? id}`, unit: 'ms', log: false, dark });
  return (
    <Panel
      title={TITLE}
      bare
      aside={
        <div className="actions">
          <span className="small muted">with its bound, of the newest results</span>
          <SavePlot name={TITLE} draw={draw} figures={() => (shown === undefined ? [] : rowsOf(shown))} />
        </div>
      }
    >
      <Loaded query={query} lines={5}>
        {({ items }) => {
          const data = shown ?? offsetsOf(items);
          const { times } = data;
          if (times.length < 2)
            return (
              <Empty title="It has said nothing of its clock yet.">
                <p>A native probe says with each result how far its clock is off, and how sure it is.</p>
              </Empty>
            );
          const index = at ?? times.length - 1;
          return (
            <>
              <TimePlot
                data={data}
                label={`Clock offset from ${localTime((times[0] ?? 0) * 1_000)} to ${localTime((times.at(-1) ?? 0) * 1_000)}: now ${ms(data.middle.at(-1))}`}
                unit="ms"
                log={false}
                height={180}
                onCursor={setAt}
              />
              <p className="in tight small muted">
                {localTime((times[index] ?? 0) * 1_000)} · offset {ms(data.middle[index])} · between{' '}
                {ms(data.low[index])} and {ms(data.high[index])}
              </p>
              <FiguresTable data={data} title={TITLE} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function offsetsOf(items: readonly Result[]): TimePlotData {
  const said = items
    .flatMap(({ clock, received_at }) =>
      clock?.offset_ms == null ? [] : [{ at: Date.parse(received_at) / 1_000, ...clock }],
    )
    .sort((a, b) => a.at - b.at)
    // of one time uPlot takes one figure
    .filter(({ at }, index, all) => index === 0 || at > (all[index - 1]?.at ?? 0));
  const of = (figure: (clock: (typeof said)[number]) => number | null): (number | null)[] => said.map(figure);
  const bound = (sign: 1 | -1) => of(({ offset_ms, error_ms }) => (offset_ms ?? 0) + sign * (error_ms ?? 0));
  const middle = of(({ offset_ms }) => offset_ms);
  return {
    times: said.map(({ at }) => at),
    bucketS: 0,
    ...{ least: bound(-1), low: bound(-1), middle, high: bound(1), most: bound(1), band: 'error bound' },
    lines: [],
    due: of(() => 0),
    missing: of(() => 0),
  };
}
