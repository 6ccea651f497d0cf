/* Where figures and times stand in a drawing of our own: what uPlot does for the canvas. */

export interface Scale {
  /** @returns the place of a value, in pixels */
  (value: number): number;
}

/** @returns from values to pixels; a logarithmic one has its foot at the smallest value above 0 */
export function scaleOf(
  [least, most]: readonly [number, number],
  [from, to]: readonly [number, number],
  log = false,
): Scale {
  const of = log
    ? (value: number): number => Math.log10(Math.max(value, least))
    : (value: number): number => value;
  const [foot, top] = [of(least), of(most)];
  const width = top - foot || 1;
  return (value) => from + ((of(value) - foot) / width) * (to - from);
}

/** @returns round numbers that divide a range in about `count` */
export function ticksOf([least, most]: readonly [number, number], count: number): number[] {
  const rough = (most - least || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.ceil(least / step - 1e-9) * step;
  const ticks: number[] = [];
  for (let tick = first; tick <= most + step * 1e-9; tick += step) ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

/** @returns powers of ten of a range above 0 */
export function logTicksOf([least, most]: readonly [number, number]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
    const tick = 10 ** power;
    if (tick >= least && tick <= most) ticks.push(tick);
  }
  return ticks;
}

const STEPS_S = [
  1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
];

/** @returns times, in seconds since 1970, at which a reader looks: whole minutes, hours, days of the reader's zone */
export function timeTicksOf([from, to]: readonly [number, number], count: number): number[] {
  const rough = (to - from) / count;
  const step = STEPS_S.find((each) => each >= rough) ?? 31_536_000;
  const zone = new Date(from * 1_000).getTimezoneOffset() * 60;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const ticks: number[] = [];
  for (let tick = first; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** @returns a tick of time, as long as it has to be: "14:20", "11-30" */
export function timeLabel(seconds: number, span: number): string {
  const at = new Date(seconds * 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const hour = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (span > 10 * 86_400) return day;
  return span > 86_400 ? `${day} ${hour}` : hour;
}
