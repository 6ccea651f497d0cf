const BARS = '▁▂▃▄▅▆▇█';

/**
 * A line of bars, one for each value, from the least to the most of them; a dot where there is none. Equal values are low.
 * @param width cells; more values than that are joined, each bar the largest of its own
 */
export function spark(values: readonly (number | null)[], width = values.length): string {
  const shown = joined(values, width);
  const known = shown.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return shown.map((value) => (value === null ? '·' : bar(value, least, most))).join('');
}

function bar(value: number, least: number, most: number): string {
  const share = most === least ? 0 : (value - least) / (most - least);
  return BARS.charAt(Math.min(BARS.length - 1, Math.floor(share * BARS.length)));
}

function joined(values: readonly (number | null)[], width: number): (number | null)[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, index) => {
    const from = Math.floor((index * values.length) / width);
    const to = Math.floor(((index + 1) * values.length) / width);
    const known = values.slice(from, to).filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  });
}
