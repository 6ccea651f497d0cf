import { DomainError } from '../../platform/errors/domain.error.js';

/** Widths of buckets. They begin at whole multiples of their width since 1970, by UTC. */
export const STEPS = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '3h': 10_800_000,
  '6h': 21_600_000,
  '1d': 86_400_000,
} as const;
export type Step = keyof typeof STEPS;
export const STEP_NAMES = Object.keys(STEPS) as Step[];

/** From there on buckets are put together from those that are kept; narrower ones are calculated from results. */
export const KEPT_STEP_MS = STEPS['1h'];
/** A month of hours, and a range that its ends widen. */
const WANTED_BUCKETS = 750;
export const MOST_BUCKETS = 10_000;
/** Values of one column, over all series. */
export const MOST_VALUES = 200_000;
/** Runs of which the step that nobody has chosen may be narrow. */
const MOST_RUNS_CALCULATED = 20_000;

/** From there (included) to there, milliseconds since 1970. */
export interface TimeRange {
  from: number;
  to: number;
}

/** Whole buckets. */
export interface Buckets extends TimeRange {
  step: Step;
  widthMs: number;
  count: number;
}

/** @returns the step that fits a range where none was asked for. @param runsIn how many runs were due in the range, or more */
export function stepFor({ from, to }: TimeRange, runsIn: number): Step {
  const fitting = STEP_NAMES.find(
    (name) =>
      (to - from) / STEPS[name] <= WANTED_BUCKETS &&
      (STEPS[name] >= KEPT_STEP_MS || runsIn <= MOST_RUNS_CALCULATED),
  );
  return fitting ?? '1d';
}

/**
 * @returns the whole buckets that a range touches
 * @throws DomainError invalid_request where there are too many
 */
export function bucketsOf({ from, to }: TimeRange, step: Step): Buckets {
  const widthMs = STEPS[step];
  const [first, end] = [Math.floor(from / widthMs), Math.ceil(to / widthMs)];
  const count = end - first;
  if (count > MOST_BUCKETS) throw tooMany(count, MOST_BUCKETS, { from, to });
  return { step, widthMs, from: first * widthMs, to: end * widthMs, count };
}

/** @throws DomainError invalid_request where series of so many buckets are too many */
export function checkValues(buckets: Buckets, series: number): void {
  if (buckets.count * series <= MOST_VALUES) return;
  throw tooMany(buckets.count, Math.floor(MOST_VALUES / series), buckets, series);
}

/** @throws DomainError invalid_request where the hops of all series have too many values */
export function checkHopValues(buckets: Buckets, hops: number): void {
  if (buckets.count * hops <= MOST_VALUES) return;
  throw DomainError.invalid({
    field: 'metrics',
    message: `must be given without columns of hops (hop_...), or less be asked for: there would be ${buckets.count} buckets of ${hops} hops or more, and there may be ${MOST_VALUES} values`,
  });
}

/** Says which step would do. */
function tooMany(count: number, most: number, { from, to }: TimeRange, series = 1): DomainError {
  const fitting = STEP_NAMES.find((name) => Math.ceil((to - from) / STEPS[name]) + 1 <= most);
  const limit =
    series === 1
      ? `there would be ${count} buckets, and there may be ${most}`
      : `there would be ${count} buckets of ${series} series, and there may be ${MOST_VALUES} values`;
  return fitting === undefined
    ? DomainError.invalid({ field: 'from', message: `must be nearer to \`to\`: ${limit}` })
    : DomainError.invalid({ field: 'bucket', message: `must be ${fitting} or more: ${limit}` });
}
