import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { show } from '../../test/show.js';
import type { Coverage } from '../api/queries.js';
import { CoverageBar } from './coverage-bar.js';

const NONE: Coverage['fates'] = {
  received: 0,
  failed: 0,
  refused: 0,
  not_connected: 0,
  held: 0,
  not_delivered: 0,
  stopped: 0,
  lost_in_restore: 0,
  awaited: 0,
  unexplained: 0,
};

function coverageOf(change: Partial<Coverage>): Coverage {
  return {
    due: 0,
    planned: 1_000,
    upcoming: 0,
    fates: NONE,
    failed_by_reason: {},
    extra: 0,
    operation_id: 'op1',
    at: '2026-11-29T12:00:00.000Z',
    bucket_s: 60,
    buckets: [],
    probes: [],
    next: null,
    ...change,
  };
}

const item = (name: string): HTMLElement => {
  const found = screen.getByRole('link', { name }).closest('li');
  if (found === null) throw new Error(`${name} stands in no list`);
  return found;
};

describe('CoverageBar', () => {
  it('says all fates in one sentence to those who do not see the bar', async () => {
    const fates = { ...NONE, received: 1_234, not_connected: 2 };
    await show(<CoverageBar id="op1" coverage={coverageOf({ due: 1_236, fates })} />);
    expect(screen.getByRole('img').getAttribute('aria-label')).toBe(
      'Fates of runs: 1,234 received, 2 not connected',
    );
    expect(screen.getAllByRole('listitem')).toHaveLength(2);
  });

  it('shows 99.9 % and not 100 % where a run of a million is missing', async () => {
    const fates = { ...NONE, received: 999_999, unexplained: 1 };
    await show(<CoverageBar id="op1" coverage={coverageOf({ due: 1_000_000, fates })} />);
    expect(item('received').textContent).toContain('99.9 %');
    expect(item('unexplained').textContent).toContain('None of the others.');
  });

  it('makes no figures of nothing, where no run was due yet', async () => {
    await show(<CoverageBar id="op1" coverage={coverageOf({ upcoming: 1_000 })} />);
    expect(screen.getByRole('img').getAttribute('aria-label')).toBe('Fates of runs: none was due yet');
    expect(screen.getByText('0 runs')).toBeTruthy();
    expect(screen.getByText(/1,000 still to come/)).toBeTruthy();
    expect(document.body.textContent).not.toContain('NaN');
  });

  it('names the reasons of failures, without those that are a fate of their own', async () => {
    const coverage = coverageOf({
      due: 6,
      fates: { ...NONE, failed: 5, refused: 1 },
      failed_by_reason: { timeout: 3, no_route: 2, refused: 1 },
    });
    await show(<CoverageBar id="op1" coverage={coverage} />);
    expect(item('failed').textContent).toContain('could not be done: 3 timeout, 2 no_route.');
  });

  it('leads from a fate to its results', async () => {
    await show(<CoverageBar id="op1" coverage={coverageOf({ due: 1, fates: { ...NONE, held: 1 } })} />);
    const { href } = within(item('held')).getByRole<HTMLAnchorElement>('link');
    expect(href).toMatch(/\/app\/operations\/op1\?fate=held#results$/);
    expect(screen.getByText('1 run')).toBeTruthy();
  });
});
