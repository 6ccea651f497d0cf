import { useCallback, useEffect, useRef, type ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useDark } from '../ui/scheme.js';
import { colour, lineColour, lossColour } from './palette.js';
import { useWidth } from './use-width.js';

type Values = readonly (number | null)[];

export interface Line {
  name: string;
  values: Values;
  /** of another time than the plot */
  dashed?: boolean;
}

export interface TimePlotData {
  /** seconds since 1970 */
  times: readonly number[];
  bucketS: number;
  /** smoke: of all that is shown together */
  least: Values;
  low: Values;
  middle: Values;
  high: Values;
  most: Values;
  /** what `low` and `high` are */
  band: string;
  lines: readonly Line[];
  /** 0 to 1; absent where the kind knows no loss */
  loss?: Values | undefined;
  due: Values;
  missing: Values;
}

interface Props {
  data: TimePlotData;
  label: string;
  unit: string;
  log: boolean;
  /** pixels */
  height?: number;
  /** absent: it cannot be zoomed */
  onZoom?: (from: number, to: number) => void;
  onAll?: () => void;
  onCursor: (index: number | null) => void;
}

/** Seconds between ticks, and how they are written: days sort, and hours have 24. */
const TIME_TICKS: uPlot.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, null, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, null, null, null, null, 1],
];
/** A time with its seconds takes so much, and a date beneath it more. */
const TICK_SPACE = 84;
const HEIGHT = 300;
const STRIP = 9;
const SMOKE = 5;
// its enum is of types alone: it has no value when the page runs
const LOGARITHMIC = 3 as uPlot.Scale.Distr;

/** Smoke of a distribution over time, a line for each series, and a strip of loss and of what is missing at its foot. */
export function TimePlot(props: Props): ReactNode {
  const { data, label, log, height = HEIGHT } = props;
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const dark = useDark();
  const [watch, width] = useWidth();
  const hold = useCallback(
    (element: HTMLDivElement | null) => {
      place.current = element;
      watch(element);
    },
    [watch],
  );
  useEffect(() => {
    latest.current = props;
  });
  const plot = useRef<uPlot | null>(null);
  const shape = `${String(log)} ${String(dark)} ${data.lines.map(({ name }) => name).join('\n')}`;
  useEffect(() => {
    const element = place.current;
    if (element === null || width === 0) return undefined;
    plot.current = new uPlot(optionsOf(latest, width, dark), columnsOf(latest.current.data), element);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
    // another number of lines is another plot; new figures of the same are not
  }, [shape, width, dark]);
  useEffect(() => {
    plot.current?.setData(columnsOf(data));
  }, [data]);
  return (
    <div className="plot" role="img" aria-label={label} ref={hold} style={{ minHeight: `${height}px` }} />
  );
}

function columnsOf({ times, least, low, middle, high, most, lines }: TimePlotData): uPlot.AlignedData {
  return [
    times,
    least,
    low,
    middle,
    high,
    most,
    ...lines.map(({ values }) => values),
  ] as unknown as uPlot.AlignedData;
}

/** Width of an axis, in CSS pixels: its labels are of 12 px, and may be long ("0.075 ms", "1,500,000 pkts"). */
function roomFor(labels: readonly string[] | null): number {
  return Math.max(64, 20 + 7 * Math.max(0, ...(labels ?? []).map(({ length }) => length)));
}

function optionsOf(latest: { current: Props }, width: number, dark: boolean): uPlot.Options {
  const { data, unit, log, height = HEIGHT } = latest.current;
  const accent = colour('accent');
  const hidden = { stroke: 'transparent', points: { show: false } };
  const grid = { stroke: colour('line'), width: 1 };
  const axis = { stroke: colour('muted'), grid, ticks: grid, font: '12px system-ui, sans-serif' };
  return {
    width,
    height,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: latest.current.onZoom !== undefined, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      // of one point the plot would show years
      x: { time: true, range: (_plot, first, last) => [first, Math.max(last, first + data.bucketS)] },
      y: log ? { distr: LOGARITHMIC } : { range: (_plot, least, most) => rangeOf(least, most) },
    },
    axes: [
      { ...axis, values: TIME_TICKS, space: TICK_SPACE },
      {
        ...axis,
        size: (_plot, labels) => roomFor(labels),
        values: (_plot, ticks) =>
          ticks.map((tick: number | null) => (tick === null ? '' : `${tick} ${unit}`)),
      },
    ],
    series: [
      {},
      { ...hidden, label: 'least' },
      { ...hidden, label: '5 %' },
      {
        label: 'median',
        stroke: accent,
        width: 2,
        points: { show: data.times.length < 80, size: 5, fill: accent },
      },
      { ...hidden, label: '95 %' },
      { ...hidden, label: 'most' },
      ...data.lines.map(({ name, dashed }, index) => ({
        label: name,
        stroke: dashed === true ? colour('text') : lineColour(index, dark),
        width: dashed === true ? 1.5 : 1,
        ...(dashed === true && { dash: [6, 4] }),
        points: { show: data.times.length < 80, size: 4 },
      })),
    ],
    bands: [
      { series: [SMOKE, 1], fill: dark ? 'rgb(150 165 185 / 16%)' : 'rgb(70 85 105 / 11%)' },
      { series: [4, 2], fill: dark ? 'rgb(150 165 185 / 30%)' : 'rgb(70 85 105 / 22%)' },
    ],
    hooks: {
      drawClear: [(plot) => drawGaps(plot, latest.current.data)],
      draw: [(plot) => drawStrip(plot, latest.current.data)],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 4) return;
          latest.current.onZoom?.(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [(plot) => latest.current.onCursor(plot.cursor.idx ?? null)],
      ready: [
        (plot) => {
          plot.over.addEventListener('dblclick', () => latest.current.onAll?.());
        },
      ],
    },
  };
}

/** A figure that hardly moves is not drawn as if it did; room at the foot for the strip. */
function rangeOf(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const room = Math.max(most - least, Math.abs(most) * 0.1, 0.01);
  const foot = least >= 0 ? Math.max(0, least - room * 0.2) : least - room * 0.2;
  return [foot, most + room * 0.08];
}

/** Where runs were due and none came, the ground is marked; where nothing was due it stays empty. */
function drawGaps(plot: uPlot, data: TimePlotData): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour('bad-soft');
  eachBucket(plot, data, (index, left, width) => {
    const due = data.due[index] ?? 0;
    const came = data.middle[index] ?? null;
    if (due > 0 && came === null && (data.missing[index] ?? 0) > 0)
      ctx.fillRect(left, bbox.top, width, bbox.height);
  });
  ctx.restore();
}

function drawStrip(plot: uPlot, data: TimePlotData): void {
  const { loss } = data;
  if (loss === undefined) return;
  const { ctx, bbox } = plot;
  const height = STRIP * devicePixelRatio;
  ctx.save();
  eachBucket(plot, data, (index, left, width) => {
    const share = loss[index];
    if (share === null || share === undefined) return;
    ctx.fillStyle = lossColour(share);
    ctx.fillRect(left, bbox.top + bbox.height - height, Math.max(width, 1), height);
  });
  ctx.restore();
}

function eachBucket(
  plot: uPlot,
  { times, bucketS }: TimePlotData,
  draw: (index: number, left: number, width: number) => void,
): void {
  const { bbox } = plot;
  times.forEach((time, index) => {
    const left = Math.max(plot.valToPos(time, 'x', true), bbox.left);
    const right = Math.min(plot.valToPos(time + bucketS, 'x', true), bbox.left + bbox.width);
    if (right > left) draw(index, left, right - left);
  });
}
