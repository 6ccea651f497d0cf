import stringWidth from 'string-width';

export type Align = 'left' | 'right';

/** One column of a table; `width`: cells, where rows come one after the other and cannot be measured before. */
export interface Column {
  title: string;
  align?: Align;
  width?: number;
}

const GAP = '  ';

/** Pads by the cells that a terminal needs: two for 漢, none for a colour. */
export function pad(text: string, width: number, align: Align = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** One row of a table with widths that are known. */
export function row(columns: readonly Column[], cells: readonly string[]): string {
  const padded = columns.map(({ width = 0, align }, index) => pad(cells[index] ?? '', width, align));
  return padded.join(GAP).trimEnd();
}

/** A table, each column as wide as its longest cell. @returns its lines, the titles first */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const fitted = columns.map((column, index) => ({
    ...column,
    width: Math.max(stringWidth(column.title), ...rows.map((cells) => stringWidth(cells[index] ?? ''))),
  }));
  const titles = fitted.map(({ title }) => title);
  return [titles, ...rows].map((cells) => row(fitted, cells));
}

/** Milliseconds with three significant places where that is little: `0.048`, `12.3`, `147`; `-`: none. */
export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  const size = Math.abs(value);
  return value.toFixed(size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0);
}

/** A share of 0 to 1 as per cent: `0%`, `12.5%`; a loss of one in a thousand is not shown as none. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return '-';
  const whole = share * 100;
  return `${Number.isInteger(whole) ? whole.toFixed(0) : whole.toFixed(1)}%`;
}

/** `1 run`, `3 runs`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, n < 1000 ? 0 : Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** step;
  return `${step === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[step] ?? 'B'}`;
}

/** RFC 3339 to the second, without what does not change: `2026-11-29 19:47:55Z`. */
export function time(value: string | null | undefined): string {
  return value === null || value === undefined ? '-' : value.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** How long ago: `3 s`, `5 min`, `2 h`, `4 d`. */
export function age(since: string | null | undefined, now: number): string {
  if (since === null || since === undefined) return 'never';
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
