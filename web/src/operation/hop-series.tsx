import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { series } from '../api/series.js';
import { lossColour } from '../plots/palette.js';
import { counted, localTime, ms, percent, whole } from '../ui/format.js';
import { Empty, Loaded, Panel } from '../ui/parts.js';
import { DataTable } from '../ui/table.js';
import { LossLegend } from './figure-parts.js';
import { HOP_METRICS, hopRows, type HopRow } from './hop-data.js';
import { useTraces } from './traces.js';

interface Props {
  id: string;
  range: { from?: string; to?: string };
  /** whose hops are shown: `PROBE/DESTINATION`; undefined: of the first */
  chosen: string | undefined;
  onChosen: (chosen: string) => void;
  names: ReadonlyMap<string, string>;
}

/** Loss and round-trip time of each hop of an mtr over the range of the page. */
export function HopSeries({ id, range, chosen, onChosen, names }: Props): ReactNode {
  const { query, traces } = useTraces(id, range);
  const ways = new Map(
    traces.map(({ probe, destination }) => [
      `${probe}/${destination}`,
      { probe, destination, title: `${names.get(probe) ?? probe} to ${destination}` },
    ]),
  );
  const key = chosen !== undefined && ways.has(chosen) ? chosen : ways.keys().next().value;
  const way = key === undefined ? undefined : ways.get(key);
  return (
    <Panel
      title="Loss and times by hop"
      bare
      aside={
        ways.size > 1 && (
          <label className="small">
            Way{' '}
            <select value={key} onChange={({ target }) => onChosen(target.value)}>
              {[...ways].map(([value, { title }]) => (
                <option key={value} value={value}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      <Loaded query={query} lines={6}>
        {() =>
          way === undefined ? (
            <Empty title="No report yet.">
              <p>The hops of the first one appear here, by themselves.</p>
            </Empty>
          ) : (
            <Hops id={id} range={range} way={way} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Hops({
  id,
  range,
  way,
}: Pick<Props, 'id' | 'range'> & {
  way: { probe: string; destination: string; title: string };
}): ReactNode {
  const { probe, destination, title } = way;
  const query = useQuery(
    series(id, { ...range, by: 'all', probe: [probe], destination, metrics: HOP_METRICS }),
  );
  return (
    <Loaded query={query} lines={6}>
      {(data) => {
        const rows = hopRows(data);
        if (rows.length === 0) return <Empty title="Nothing was sent in this range." />;
        return (
          <>
            <DataTable
              label={`Loss and round-trip time of each hop over time: ${title}`}
              keyOf={({ ttl }) => String(ttl)}
              items={rows}
              columns={COLUMNS}
            />
            <LossLegend of="Height: median; colour" />
          </>
        );
      }}
    </Loaded>
  );
}

const COLUMNS = [
  { head: 'Hop', right: true, cell: ({ ttl }: HopRow) => ttl },
  {
    head: 'Address',
    names: true,
    className: 'mono',
    cell: ({ addresses }: HopRow) => (addresses.length === 0 ? '*' : addresses.join(', ')),
  },
  { head: 'Loss', right: true, cell: ({ loss }: HopRow) => percent(loss) },
  { head: 'Sent', right: true, cell: ({ sent }: HopRow) => whole(sent) },
  { head: 'Best', right: true, cell: ({ best }: HopRow) => ms(best) },
  { head: 'Mean', right: true, cell: ({ mean }: HopRow) => ms(mean) },
  { head: 'Worst', right: true, cell: ({ worst }: HopRow) => ms(worst) },
  { head: 'Over time', cell: (row: HopRow) => <Strip row={row} /> },
];

const STRIP_WIDTH = 240;
const STRIP_HEIGHT = 28;

/** A bar for each bucket: as high as its median round-trip time, in the colour of its loss; none where nothing was sent. */
function Strip({ row: { ttl, buckets } }: { row: HopRow }): ReactNode {
  const width = STRIP_WIDTH / Math.max(1, buckets.length);
  const most = Math.max(...buckets.map(({ median }) => median ?? 0), Number.MIN_VALUE);
  const lossy = buckets.filter(({ loss }) => (loss ?? 0) > 0).length;
  const used = buckets.filter(({ sent }) => sent > 0).length;
  const label = `Hop ${ttl}: loss in ${whole(lossy)} of ${counted(used, 'period')}; highest median ${most > Number.MIN_VALUE ? ms(most) : '–'}`;
  return (
    <svg
      role="img"
      aria-label={label}
      width={STRIP_WIDTH}
      height={STRIP_HEIGHT}
      viewBox={`0 0 ${STRIP_WIDTH} ${STRIP_HEIGHT}`}
    >
      <rect y={STRIP_HEIGHT - 1} width={STRIP_WIDTH} height={1} fill="var(--line)" />
      {buckets.map(({ at, sent, loss, median }, index) => {
        if (sent === 0) return null;
        const height = median === null ? STRIP_HEIGHT : Math.max(3, (median / most) * STRIP_HEIGHT);
        return (
          <rect
            key={at}
            x={index * width}
            y={STRIP_HEIGHT - height}
            width={Math.max(1, width - (width > 3 ? 1 : 0))}
            height={height}
            fill={lossColour(loss ?? 0)}
          >
            <title>{`${localTime(at)}: loss ${percent(loss)}, median ${ms(median)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
