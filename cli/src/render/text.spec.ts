import { describe, expect, it } from '@jest/globals';
import { spark } from './spark.js';
import { age, bytes, ms, percent, table } from './text.js';

describe('figures', () => {
  it('have as many places as matter', () => {
    expect([0.0481, 1.234, 12.34, 147.4, -0.5, null, undefined].map(ms)).toEqual([
      ...['0.048', '1.23', '12.3', '147', '-0.500', '-', '-'],
    ]);
    expect([0, 0.25, 0.0005, 1, null].map(percent)).toEqual(['0%', '25%', '0.1%', '100%', '-']);
    expect([0, 999, 1000, 123_456, 5_000_000].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '123 kB',
      '5.0 MB',
    ]);
    const at = '2026-01-01T00:00:00Z';
    expect([5, 600, 86_400, 864_000].map((s) => age(at, Date.parse(at) + s * 1000))).toEqual([
      ...['5 s ago', '10 min ago', '24 h ago', '10 d ago'],
    ]);
  });

  it('stand in columns by the cells of a terminal', () => {
    const columns = [{ title: 'NAME' }, { title: 'N', align: 'right' as const }];
    // 漢 takes two cells (Unicode UAX 11), a colour none
    expect(
      table(columns, [
        ['漢字', '1'],
        ['\u001b[31mab\u001b[39m', '22'],
      ]),
    ).toEqual(['NAME   N', '漢字   1', '\u001b[31mab\u001b[39m    22']);
  });
});

describe('a spark line', () => {
  it('goes from the least to the most, with a dot for a loss', () => {
    expect(spark([1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇█');
    expect(spark([5, null, 5])).toBe('▁·▁');
    expect(spark([null, null])).toBe('··');
    expect(spark([])).toBe('');
  });

  it('keeps the peaks where it is shorter than the values', () => {
    const values = Array.from({ length: 100 }, (_, index) => (index === 57 ? 9 : 1));
    expect(spark(values, 10)).toBe('▁▁▁▁▁█▁▁▁▁');
  });
});
