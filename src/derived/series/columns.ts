import { KIND_NAMES, type KindName } from '../../measurement/kinds/index.js';
import { type Cell } from './cell.js';
import { type Distribution, type Percent, PERCENTS } from './distribution.js';
import { FIGURES, type Figures } from './figures.js';
import { type Hop, MOST_ADDRESSES } from './hops.js';
import { shareOf } from './numbers.js';

/** In the place of texts of a column of counts that are too many to be told apart. */
export const OTHER = 'other';

/** A figure of each bucket. */
interface ColumnStatement {
  name: string;
  description: string;
  /** count: a whole number from 0 on; figure: a number, null without a basis; counts: how often which text came */
  type: 'count' | 'figure' | 'counts';
}

/** Read out of what was added up. */
export interface ColumnOf<T> extends ColumnStatement {
  needsSquares: boolean;
  of(from: T): number | null | ReadonlyMap<string, number>;
}

/** `from`: the account of runs, cells of results, or their hops, each of which has values of its own. */
export type RunColumn = ColumnStatement & { from: 'runs' };
export type CellColumn = ColumnOf<Cell> & { from: 'cells' };
export type HopColumn = ColumnOf<Hop> & { from: 'hops' };
export type Column = RunColumn | CellColumn | HopColumn;

const RUNS: readonly RunColumn[] = (
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
).map(([name, type, description]) => ({ name, type, description, from: 'runs' }));

const COLUMNS = new Map<KindName, readonly Column[]>(
  KIND_NAMES.map((kind) => {
    const cells = columnsFrom(FIGURES[kind]).map((column) => ({ ...column, from: 'cells' as const }));
    const hops = FIGURES[kind].hops === true ? hopColumns() : [];
    return [kind, [...RUNS, ...cells, ...hops.map((column) => ({ ...column, from: 'hops' as const }))]];
  }),
);
const NONE: ReadonlyMap<string, number> = new Map();

/** All columns of a kind, in the order in which they are shown; those of hops are the last. */
export function columnsOf(kind: KindName): readonly Column[] {
  return COLUMNS.get(kind) ?? [];
}

function columnsFrom(figures: Figures): ColumnOf<Cell>[] {
  return [
    column(
      'entries',
      'count',
      'Entries of summaries: destinations or queries, of all results.',
      (cell) => cell.entries,
    ),
    column('errors', 'count', 'Those of them that have an `error`.', (cell) => cell.errors),
    ...figures.counts.map((name, index) =>
      column<Cell>(name, 'count', `\`${name}\` of the entries, added up.`, (cell) => cell.counts[index] ?? 0),
    ),
    ...lossOf(figures),
    ...figures.tallies.map(({ name, description, different }, index) =>
      different
        ? column<Cell>(name, 'count', `${description}.`, (cell) => cell.tallies[index]?.counts.size ?? 0)
        : column<Cell>(name, 'counts', `${description}.`, (cell) => cell.tallies[index]?.counts ?? NONE),
    ),
    ...figures.distributions.flatMap((stated, index) =>
      distributionColumns<Cell>(stated, (cell) => cell.distributions[index]),
    ),
  ];
}

function hopColumns(): ColumnOf<Hop>[] {
  const rtts = {
    ...{ name: 'hop_rtt', unit: 'ms' as const },
    description: 'Round-trip times of the hop, one for each packet that was answered',
  };
  return [
    column('hop_sent', 'count', 'Packets to the hop.', (hop) => hop.sent),
    column('hop_received', 'count', 'Those of them that were answered.', (hop) => hop.received),
    column(
      'hop_loss',
      'figure',
      'Share of the packets that were not answered, 0 to 1.',
      ({ sent, received }) => shareOf(sent - received, sent),
    ),
    column(
      'hop_addresses',
      'counts',
      `In how many reports which address answered first; ${MOST_ADDRESSES} a bucket.`,
      ({ addresses: { counts, others } }) => (others === 0 ? counts : new Map([...counts, [OTHER, others]])),
    ),
    ...distributionColumns<Hop>(rtts, (hop) => hop.rtts),
  ];
}

function lossOf({ counts }: Figures): ColumnOf<Cell>[] {
  const [sent, received] = [counts.indexOf('sent'), counts.indexOf('received')];
  if (sent < 0) return [];
  const loss = ({ counts: of }: Cell) => shareOf((of[sent] ?? 0) - (of[received] ?? 0), of[sent] ?? 0);
  return [column('loss', 'figure', 'Share of the packets that were not answered, 0 to 1.', loss)];
}

function distributionColumns<T>(
  { name, unit, description }: Pick<Figures['distributions'][number], 'name' | 'unit' | 'description'>,
  of: (from: T) => Distribution | undefined,
): ColumnOf<T>[] {
  const named = (which: string) => `${name}_${which}${unit === '' ? '' : `_${unit}`}`;
  const figure = (
    which: string,
    what: string,
    read: (distribution: Distribution) => number | null,
    needsSquares = false,
  ) =>
    column<T>(
      named(which),
      'figure',
      `${description}: ${what}.`,
      (from) => shown(readFrom(of(from), read)),
      needsSquares,
    );
  const quantile = (percent: Percent) =>
    figure(`p${percent}`, `the quantile ${percent / 100}`, (distribution) => distribution.quantile(percent));
  return [
    column<T>(
      `${name}_count`,
      'count',
      `${description}: how many there are.`,
      (from) => of(from)?.count ?? 0,
    ),
    figure('min', 'the least', ({ least }) => least),
    ...PERCENTS.map(quantile),
    figure('max', 'the most', ({ most }) => most),
    figure('mean', 'their mean', ({ mean }) => mean),
    figure('stddev', 'their standard deviation', ({ deviation }) => deviation, true),
  ];
}

function readFrom(
  distribution: Distribution | undefined,
  read: (distribution: Distribution) => number | null,
): number | null {
  return distribution === undefined ? null : read(distribution);
}

function column<T>(
  name: string,
  type: Column['type'],
  description: string,
  of: ColumnOf<T>['of'],
  needsSquares = false,
): ColumnOf<T> {
  return { name, type, description, needsSquares, of };
}

/** @param thousandths whole ones, or means of such @returns the figure, to a thousandth */
function shown(thousandths: number | null): number | null {
  return thousandths === null ? null : Math.round(thousandths) / 1_000;
}
