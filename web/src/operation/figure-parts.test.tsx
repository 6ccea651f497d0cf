import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { show } from '../../test/show.js';
import type { TimePlotData } from '../plots/time-plot.js';
import { BAND } from './figure-data.js';
import { FiguresTable, Readout } from './figure-parts.js';

const DATA: TimePlotData = {
  times: [Date.parse('2026-11-29T12:00:00Z') / 1_000, Date.parse('2026-11-29T13:00:00Z') / 1_000],
  bucketS: 3_600,
  least: [1, null],
  low: [2, null],
  middle: [12.34, null],
  high: [20, null],
  most: [1_500, null],
  band: BAND,
  lines: [{ name: '<i>Lab</i>', values: [7, null] }],
  loss: [0.005, null],
  due: [10, 1_000],
  missing: [0, 1_000],
};

const texts = (cells: HTMLElement[]): (string | null)[] => cells.map(({ textContent }) => textContent);

describe('figures of a plot', () => {
  it('stand in a table, with units, and say what is not known', async () => {
    const { user } = await show(<FiguresTable data={DATA} title="Round-trip time" />);
    await user.click(screen.getByText('Table'));
    const group = within(screen.getByRole('group', { name: 'Round-trip time, as a table' }));
    expect(texts(group.getAllByRole('columnheader'))).toEqual([
      'From',
      'Median',
      '5 %',
      '95 %',
      'Least',
      'Most',
      'Loss',
      'Due',
      'Missing',
    ]);
    expect(texts(group.getAllByRole('rowheader'))).toEqual(['2026-11-29 09:00:00', '2026-11-29 10:00:00']);
    const [first = [], second = []] = group
      .getAllByRole('row')
      .slice(1)
      .map((row) => texts(within(row).getAllByRole('cell')));
    expect(first).toEqual(['12.3 ms', '2.00 ms', '20.0 ms', '1.00 ms', '1,500 ms', '0.5 %', '10', '0']);
    expect(second).toEqual(['–', '–', '–', '–', '–', '–', '1,000', '1,000']);
  });

  it.each([
    [[12.34, null], '2026-11-29 09:00:00 · median 12.3 ms'],
    [[12.34, 20], '2026-11-29 10:00:00 · median 20.0 ms'],
  ])('are read out at the last time that has any (%j)', async (middle, words) => {
    await show(<Readout data={{ ...DATA, middle }} at={null} />);
    expect(document.body.textContent).toContain(words);
  });

  it('name lines as people did, and nothing missing where nothing is', async () => {
    await show(<Readout data={DATA} at={0} />);
    expect(document.body.textContent).toContain('<i>Lab</i> 7.00 ms');
    expect(document.body.textContent).not.toContain('missing');
  });

  it('say under the crosshair how many runs are missing', async () => {
    await show(<Readout data={DATA} at={1} />);
    expect(document.body.textContent).toContain('median –');
    expect(document.body.textContent).toContain('1,000 due · 1,000 missing');
  });
});
