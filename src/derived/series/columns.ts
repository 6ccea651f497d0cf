import { KIND_NAMES, type KindName } from '../../measurement/kinds/index.js';
import { type Cell } from './cell.js';
import { type Percent, PERCENTS } from './distribution.js';
import { FIGURES, type Figures } from './figures.js';

/** A figure of each bucket. */
interface ColumnStatement {
  name: string;
  description: string;
  /** count: a whole number from 0 on; figure: a number, null without a basis; counts: how often which text came */
  type: 'count' | 'figure' | 'counts';
  /** from the account of runs, and not from results */
  isOfRuns: boolean;
}

export interface CellColumn extends ColumnStatement {
  isOfRuns: false;
  needsSquares: boolean;
  of(cell: Cell): number | null | ReadonlyMap<string, number>;
}

export type Column = CellColumn | (ColumnStatement & { isOfRuns: true });

const RUNS: readonly Column[] = (
  [
    ['runs_due', 'count', 'Runs that were due.'],
    ['runs_received', 'count', 'Those of which a result is stored.'],
    ['runs_failed', 'count', 'Those of which the probe says that they failed.'],
    ['runs_missing', 'count', 'All others, but for those that may still come (awaited).'],
    [
      'runs_fates',
      'counts',
      'What became of those that brought nothing: as in the coverage of the operation.',
    ],
  ] as const
).map(([name, type, description]) => ({ name, type, description, isOfRuns: true }));

const COLUMNS = new Map(KIND_NAMES.map((kind) => [kind, [...RUNS, ...columnsFrom(FIGURES[kind])]]));
const NONE: ReadonlyMap<string, number> = new Map();

/** All columns of a kind, in the order in which they are shown. */
export function columnsOf(kind: KindName): readonly Column[] {
  return COLUMNS.get(kind) ?? [];
}

function columnsFrom(figures: Figures): CellColumn[] {
  return [
    column(
      'entries',
      'count',
      'Entries of summaries: destinations or queries, of all results.',
      (cell) => cell.entries,
    ),
    column('errors', 'count', 'Those of them that have an `error`.', (cell) => cell.errors),
    ...figures.counts.map((name, index) =>
      column(name, 'count', `\`${name}\` of the entries, added up.`, (cell) => cell.counts[index] ?? 0),
    ),
    ...lossOf(figures),
    ...figures.tallies.map(({ name, description, different }, index) =>
      different
        ? column(name, 'count', `${description}.`, (cell) => cell.tallies[index]?.counts.size ?? 0)
        : column(name, 'counts', `${description}.`, (cell) => cell.tallies[index]?.counts ?? NONE),
    ),
    ...figures.distributions.flatMap((_, index) => distributionColumns(figures, index)),
  ];
}

function lossOf({ counts }: Figures): CellColumn[] {
  const [sent, received] = [counts.indexOf('sent'), counts.indexOf('received')];
  if (sent < 0) return [];
  const loss = ({ counts: of }: Cell) => {
    const all = of[sent] ?? 0;
    return all === 0 ? null : Math.round(((all - (of[received] ?? 0)) / all) * 1e6) / 1e6;
  };
  return [column('loss', 'figure', 'Share of the packets that were not answered, 0 to 1.', loss)];
}

function distributionColumns(figures: Figures, index: number): CellColumn[] {
  const stated = figures.distributions[index];
  if (stated === undefined) return [];
  const { name, unit, description } = stated;
  const named = (of: string) => `${name}_${of}${unit === '' ? '' : `_${unit}`}`;
  const figure = (of: string, what: string, read: (cell: Cell) => number | null, needsSquares = false) =>
    column(named(of), 'figure', `${description}: ${what}.`, (cell) => shown(read(cell)), needsSquares);
  const quantile = (percent: Percent) =>
    figure(
      `p${percent}`,
      `the quantile ${percent / 100}`,
      (cell) => cell.distributions[index]?.quantile(percent) ?? null,
    );
  return [
    column(
      `${name}_count`,
      'count',
      `${description}: how many there are.`,
      (cell) => cell.distributions[index]?.count ?? 0,
    ),
    figure('min', 'the least', (cell) => cell.distributions[index]?.least ?? null),
    ...PERCENTS.map(quantile),
    figure('max', 'the most', (cell) => cell.distributions[index]?.most ?? null),
    figure('mean', 'their mean', (cell) => cell.distributions[index]?.mean ?? null),
    figure(
      'stddev',
      'their standard deviation',
      (cell) => cell.distributions[index]?.deviation ?? null,
      true,
    ),
  ];
}

function column(
  name: string,
  type: Column['type'],
  description: string,
  of: CellColumn['of'],
  needsSquares = false,
): CellColumn {
  return { name, type, description, isOfRuns: false, needsSquares, of };
}

/** @param thousandths whole ones, or means of such @returns the figure, to a thousandth */
function shown(thousandths: number | null): number | null {
  return thousandths === null ? null : Math.round(thousandths) / 1_000;
}
