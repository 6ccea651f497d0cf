export type Cell = string | number | null;

/** @returns rows as RFC 4180 has them; what is not known is empty */
export function csvOf(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

/** Names are what people wrote: one that a spreadsheet would take for a formula begins with an apostrophe. */
function cellOf(cell: Cell): string {
  if (cell === null) return '';
  // without the last digits of sums in binary
  if (typeof cell === 'number') return String(Number(cell.toPrecision(12)));
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
