import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { json, requests, serve } from '../../test/server.js';
import { show } from '../../test/show.js';
import { ResultsTable, type Row } from './results.js';

function rowOf(change: Partial<Row>): Row {
  return {
    id: 'r1',
    probe_id: 'p1',
    outcome: 'stored',
    received_at: '2026-11-29T12:00:00.000Z',
    scheduled_at: null,
    summary: [],
    failure: null,
    ...change,
  };
}

const NAMES = new Map([['p1', 'Roof']]);

describe('ResultsTable', () => {
  it.each([
    [
      { type: 'ping', dst: '192.0.2.1', sent: 4, received: 3, rtt_median_ms: 9.5, loss: 0.25 },
      '192.0.2.1: 3 of 4 answered, median 9.50 ms, loss 25 %',
    ],
    [
      { type: 'trace', dst: '192.0.2.1', reached: true, hop_count: 1, rtt_ms: 0.5 },
      '192.0.2.1: reached in 1 hop, 0.500 ms',
    ],
    [
      { type: 'trace', dst: '192.0.2.1', reached: false, hop_count: 12, rtt_ms: null },
      '192.0.2.1: not reached in 12 hops, –',
    ],
    [
      { type: 'dns', name: 'example.org', qtype: 'A', rcode: 'NOERROR', answers: 1, rtt_ms: 20 },
      'example.org A: NOERROR, 1 answer, 20.0 ms',
    ],
    [
      { type: 'http', url: 'https://example.org/', error: '<b>refused</b>' },
      'https://example.org/: <b>refused</b>',
    ],
  ])('says a summary in a sentence (%#)', async (entry, sentence) => {
    await show(<ResultsTable rows={[rowOf({ summary: [entry] })]} names={NAMES} />);
    expect(screen.getByRole('listitem').textContent).toBe(sentence);
  });

  it('says why there is none, and how many more entries there are', async () => {
    const failed = rowOf({ outcome: 'failed', failure: { reason: 'timeout', detail: 'after 30 s' } });
    const entry = { type: 'ping', dst: '192.0.2.1' };
    const long = rowOf({ id: 'r2', summary: Array.from({ length: 1_004 }, () => entry) });
    await show(<ResultsTable rows={[failed, long]} names={NAMES} />);
    expect(screen.getByText('failed: timeout')).toBeTruthy();
    expect(screen.getByText('and 1,000 more')).toBeTruthy();
  });

  it('shows what a result holds when asked for, as text', async () => {
    const result = {
      id: 'r1',
      format: 'warts',
      raw_bytes: 99,
      decoded: [{ type: 'ping', note: '<script>x</script>' }],
    };
    serve({ 'GET /api/v1/results/r1': () => json(result) });
    const { user } = await show(<ResultsTable rows={[rowOf({})]} names={NAMES} />);
    expect(requests('GET /api/v1/results/r1')).toHaveLength(0);
    const more = screen.getByRole('button', { name: 'More: the result of Roof', expanded: false });
    await user.click(more);
    const raw = await screen.findByRole('region', { name: 'Decoded result' });
    expect(JSON.parse(raw.textContent)).toEqual(result);
    expect(within(screen.getByRole('table')).getByText('<script>x</script>')).toBeTruthy();
    expect(document.querySelector('script')).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Less: the result of Roof', expanded: true }));
    expect(screen.queryByRole('region')).toBeNull();
  });

  it('says that each appears by itself where there is none yet', async () => {
    await show(<ResultsTable rows={[]} names={NAMES} />);
    expect(screen.getByText('No result yet.')).toBeTruthy();
    expect(screen.queryByRole('table')).toBeNull();
  });
});
