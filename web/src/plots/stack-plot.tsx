import { useId, useMemo, useRef, type ReactNode } from 'react';
import { localTime, utcTime } from '../ui/format.js';
import { useDark } from '../ui/scheme.js';
import { Scroll } from '../ui/table.js';
import { lineColour } from './palette.js';
import { drawingOf, SavePlot } from './save.js';
import { scaleOf, ticksOf, timeLabel, timeTicksOf } from './scales.js';
import { useWidth } from './use-width.js';

export interface Layer {
  name: string;
  /** for each time, 0 where there is nothing */
  values: readonly number[];
}

const HEIGHT = 200;
const BOX = { left: 58, right: 12, top: 10, bottom: 26 };
const MOST_ROWS = 200;

/** Figures of several names laid upon each other over time: what is told apart by colour has its name and its table too. */
export function StackPlot({
  title,
  times,
  bucketS,
  layers,
  format,
}: {
  title: string;
  /** seconds since 1970 */
  times: readonly number[];
  bucketS: number;
  layers: readonly Layer[];
  format: (value: number) => string;
}): ReactNode {
  const dark = useDark();
  const [place, width] = useWidth();
  const drawing = useRef<SVGSVGElement>(null);
  const id = useId();
  const sums = useMemo(
    () => times.map((_time, index) => layers.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
    [times, layers],
  );
  const most = Math.max(...sums, 0) || 1;
  const span = [times[0] ?? 0, (times.at(-1) ?? 0) + bucketS] as const;
  const x = scaleOf(span, [BOX.left, Math.max(BOX.left + 1, width - BOX.right)]);
  const y = scaleOf([0, most * 1.05], [HEIGHT - BOX.bottom, BOX.top]);
  const label = `${title} from ${localTime(span[0] * 1_000)} to ${localTime(span[1] * 1_000)}: ${layers.map(({ name }) => name).join(', ')}`;
  return (
    <>
      <div className="plot-head">
        <ul className="loss-legend small muted" id={id}>
          {layers.map(({ name }, index) => (
            <li key={name}>
              <i className="swatch" style={{ background: lineColour(index, dark) }} /> {name}
            </li>
          ))}
        </ul>
        <SavePlot
          name={title}
          draw={() =>
            drawingOf(drawing.current, {
              title: `${title}, ${localTime(span[0] * 1_000)} to ${localTime(span[1] * 1_000)}`,
              legend: layers.map(({ name }, index) => ({ name, fill: lineColour(index, dark) })),
            })
          }
          figures={() => [
            ['from', ...layers.map(({ name }) => name)],
            ...times.map((time, index) => [
              new Date(time * 1_000).toISOString(),
              ...layers.map(({ values }) => values[index] ?? 0),
            ]),
          ]}
        />
      </div>
      <div ref={place} className="stack-plot" style={{ height: `${HEIGHT}px` }}>
        {width > 0 && (
          <svg ref={drawing} role="img" aria-label={label} width={width} height={HEIGHT}>
            {ticksOf([0, most], 4).map((tick) => (
              <g key={tick}>
                <path d={`M${BOX.left} ${y(tick)}H${width - BOX.right}`} stroke="var(--line)" />
                <text x={BOX.left - 8} y={y(tick) + 4} textAnchor="end" className="tick">
                  {tickLabel(format(tick))}
                </text>
              </g>
            ))}
            {timeTicksOf(span, Math.max(2, Math.floor(width / 110))).map((tick) => (
              <text key={tick} x={x(tick)} y={HEIGHT - 8} textAnchor="middle" className="tick">
                {timeLabel(tick, span[1] - span[0])}
              </text>
            ))}
            {layers.map(({ name }, index) => (
              <path key={name} d={barsOf(layers, index, times, bucketS, x, y)} fill={lineColour(index, dark)}>
                <title>{name}</title>
              </path>
            ))}
          </svg>
        )}
      </div>
      <details className="in tight">
        <summary>Table</summary>
        <Scroll label={`${title}, as a table`} tall>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {layers.map(({ name }) => (
                  <th key={name} scope="col" className="right">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.slice(-MOST_ROWS).map((time, place_) => {
                const index = place_ + Math.max(0, times.length - MOST_ROWS);
                return (
                  <tr key={time}>
                    <th scope="row" className="nowrap">
                      <time title={utcTime(time * 1_000)}>{localTime(time * 1_000)}</time>
                    </th>
                    {layers.map(({ name, values }) => (
                      <td key={name} className="right">
                        {format(values[index] ?? 0)}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scroll>
      </details>
    </>
  );
}

/** @returns a figure of an axis without the digits that tell nothing: "50 ms", and not "50.0 ms" */
const tickLabel = (text: string): string =>
  text.replace(/\.0+(?=\s|$)/, '').replace(/(\.\d*?)0+(?=\s|$)/, '$1');

/** @returns all bars of one layer as one path: a drawing of few parts, however long the time */
function barsOf(
  layers: readonly Layer[],
  which: number,
  times: readonly number[],
  bucketS: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  return times
    .map((time, index) => {
      const value = layers[which]?.values[index] ?? 0;
      if (value <= 0) return '';
      const foot = layers.slice(0, which).reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
      const [left, right] = [x(time), x(time + bucketS)];
      return `M${left.toFixed(1)} ${y(foot).toFixed(1)}H${Math.max(left + 0.5, right - 0.3).toFixed(1)}V${y(foot + value).toFixed(1)}H${left.toFixed(1)}Z`;
    })
    .join('');
}
