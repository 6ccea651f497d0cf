import { localTime } from '../ui/format.js';
import { colour, lineColour, lossColour } from './palette.js';
import type { Drawing } from './save.js';
import { logTicksOf, type Scale, scaleOf, ticksOf, timeLabel, timeTicksOf } from './scales.js';
import type { TimePlotData } from './time-plot.js';

type Values = readonly (number | null)[];

const [WIDTH, HEIGHT] = [1_000, 420];
const BOX = { left: 70, right: 984, top: 44, bottom: 350 };
const STRIP = 9;

interface Look {
  title: string;
  unit: string;
  log: boolean;
  dark: boolean;
}

/** The same as the canvas of a time plot shows, as lines of their own: for reports. */
export function timePlotSvg(data: TimePlotData, { title, unit, log, dark }: Look): Drawing {
  const times = [data.times[0] ?? 0, (data.times.at(-1) ?? 0) + data.bucketS] as const;
  const range = rangeOf(data, log);
  const x = scaleOf(times, [BOX.left, BOX.right]);
  const y = scaleOf(range, [BOX.bottom - STRIP, BOX.top], log);
  const at = data.times.map((time) => x(time + data.bucketS / 2));
  const smoke = dark ? '#96a5b9' : '#465569';
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colour('surface')}"/>`,
    text(BOX.left, 24, title, 15, 'start', colour('text')),
    ...gapsOf(data, x),
    ...axesOf(times, range, x, y, unit, log),
    `<path d="${bandOf(at, data.most, data.least, y)}" fill="${smoke}" fill-opacity="0.16"/>`,
    `<path d="${bandOf(at, data.high, data.low, y)}" fill="${smoke}" fill-opacity="0.28"/>`,
    ...data.lines.map(({ values, dashed }, index) =>
      pathOf(at, values, y, dashed === true ? colour('text') : lineColour(index, dark), 1, dashed === true),
    ),
    pathOf(at, data.middle, y, colour('accent'), 2, false),
    ...lossOf(data, x),
    ...legendOf(data, dark),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif">${parts.join('')}</svg>`;
  return { svg, width: WIDTH, height: HEIGHT };
}

function rangeOf(data: TimePlotData, log: boolean): readonly [number, number] {
  const all = [data.least, data.most, data.middle, ...data.lines.map(({ values }) => values)]
    .flat()
    .filter((value): value is number => value !== null && (!log || value > 0));
  if (all.length === 0) return log ? [1, 10] : [0, 1];
  const least = all.reduce((a, b) => Math.min(a, b));
  const most = all.reduce((a, b) => Math.max(a, b));
  if (log) return [least * 0.9, most * 1.1];
  const room = Math.max(most - least, Math.abs(most) * 0.1, 0.01);
  return [least >= 0 ? Math.max(0, least - room * 0.2) : least - room * 0.2, most + room * 0.08];
}

function axesOf(
  times: readonly [number, number],
  range: readonly [number, number],
  x: Scale,
  y: Scale,
  unit: string,
  log: boolean,
): string[] {
  const line = colour('line');
  const muted = colour('muted');
  const span = times[1] - times[0];
  return [
    ...(log ? logTicksOf(range) : ticksOf(range, 6)).flatMap((tick) => [
      `<path d="M${BOX.left} ${round(y(tick))}H${BOX.right}" stroke="${line}"/>`,
      text(BOX.left - 8, y(tick) + 4, `${String(tick)} ${unit}`, 12, 'end', muted),
    ]),
    ...timeTicksOf(times, 8).flatMap((tick) => [
      `<path d="M${round(x(tick))} ${BOX.top}V${BOX.bottom}" stroke="${line}"/>`,
      text(x(tick), BOX.bottom + 18, timeLabel(tick, span), 12, 'middle', muted),
    ]),
    text(BOX.right, 24, `${localTime(times[0] * 1_000)} to ${localTime(times[1] * 1_000)}`, 12, 'end', muted),
  ];
}

function gapsOf({ times, bucketS, due, middle, missing }: TimePlotData, x: Scale): string[] {
  return times.flatMap((time, index) =>
    (due[index] ?? 0) > 0 && (middle[index] ?? null) === null && (missing[index] ?? 0) > 0
      ? [bar(x(time), x(time + bucketS), BOX.top, BOX.bottom - BOX.top, colour('bad-soft'))]
      : [],
  );
}

function lossOf({ times, bucketS, loss }: TimePlotData, x: Scale): string[] {
  return times.flatMap((time, index) => {
    const share = loss?.[index] ?? null;
    return share === null
      ? []
      : [bar(x(time), x(time + bucketS), BOX.bottom - STRIP, STRIP, lossColour(share))];
  });
}

function legendOf({ lines }: TimePlotData, dark: boolean): string[] {
  const names = [{ name: 'median of all', fill: colour('accent') }].concat(
    lines.slice(0, 6).map(({ name }, index) => ({ name, fill: lineColour(index, dark) })),
  );
  const wide = (BOX.right - BOX.left) / Math.max(4, names.length);
  return names.flatMap(({ name, fill }, index) => {
    const left = BOX.left + index * wide;
    const fits = Math.floor((wide - 24) / 6.5);
    const shown = name.length > fits ? `${name.slice(0, fits - 1)}…` : name;
    return [
      bar(left, left + 12, HEIGHT - 30, 4, fill),
      text(left + 18, HEIGHT - 24, shown, 12, 'start', colour('text')),
    ];
  });
}

const round = (value: number): string => value.toFixed(1);

function bar(left: number, right: number, top: number, height: number, fill: string): string {
  return `<rect x="${round(left)}" y="${round(top)}" width="${round(Math.max(0.5, right - left))}" height="${height}" fill="${fill}"/>`;
}

/** Names of probes are what their owners wrote: text, whatever it is. */
function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function text(x: number, y: number, words: string, size: number, anchor: string, fill: string): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}" fill="${fill}">${escaped(words)}</text>`;
}

function pathOf(
  at: readonly number[],
  values: Values,
  y: Scale,
  stroke: string,
  width: number,
  dashed: boolean,
): string {
  const points = stretchesOf(values).map((stretch) =>
    stretch
      .map(
        (index, place) =>
          `${place === 0 ? 'M' : 'L'}${round(at[index] ?? 0)} ${round(y(values[index] ?? 0))}`,
      )
      .join(''),
  );
  const dash = dashed ? ' stroke-dasharray="6 4"' : '';
  return `<path d="${points.join('')}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round"${dash}/>`;
}

function bandOf(at: readonly number[], high: Values, low: Values, y: Scale): string {
  return stretchesOf(high)
    .map((stretch) => {
      const over = stretch.map((index) => `${round(at[index] ?? 0)} ${round(y(high[index] ?? 0))}`);
      const under = stretch
        .toReversed()
        .map((index) => `${round(at[index] ?? 0)} ${round(y(low[index] ?? 0))}`);
      return `M${[...over, ...under].join('L')}Z`;
    })
    .join('');
}

/** @returns where figures stand beside each other: what is missing is no line */
function stretchesOf(values: Values): number[][] {
  const stretches: number[][] = [];
  values.forEach((value, index) => {
    if (value === null) return;
    const last = stretches.at(-1);
    if (last !== undefined && last.at(-1) === index - 1) last.push(index);
    else stretches.push([index]);
  });
  return stretches;
}
