import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { show } from '../../test/show.js';
import { PathGraph } from './path-graph.js';
import { hopsOf, type Trace } from './trace-data.js';

function traceOf(probe: string, path: Trace['path'], change: Partial<Trace> = {}): Trace {
  return {
    result: `result-${probe}`,
    probe,
    destination: '192.0.2.9',
    address: '192.0.2.9',
    hash: 'h',
    path,
    reached: true,
    rtt: 12.5,
    hops: [],
    at: '2026-11-29T12:00:00.000Z',
    ...change,
  };
}

async function draw(traces: Trace[], before = new Map<Trace, Trace>()): Promise<HTMLElement> {
  const hops = new Map(traces.map((trace) => [trace, hopsOf(trace, undefined)]));
  const names = new Map([
    ['p1', '<b>Lab</b> in a cellar with a very long name'],
    ['p2', 'Roof'],
  ]);
  await show(<PathGraph traces={traces} hops={hops} before={before} names={names} />);
  return screen.getByRole('img');
}

describe('PathGraph', () => {
  it('counts probes, hops and silent ones each for itself', async () => {
    const graph = await draw([
      traceOf('p1', ['198.51.100.1', null, '192.0.2.9']),
      traceOf('p2', ['198.51.100.2', null, '192.0.2.9']),
    ]);
    // what is silent behind two routers need not be one; the destination is
    expect(graph.getAttribute('aria-label')).toMatch(/^Paths from 2 probes over 5 hops, 2 of them silent\./);
  });

  it('says one of each as one', async () => {
    const graph = await draw([traceOf('p2', ['192.0.2.9'])]);
    expect(graph.getAttribute('aria-label')).toMatch(/^Paths from 1 probe over 1 hop, 0 of them silent\./);
  });

  it('says of a silent hop that there was no answer, and gives the end its time', async () => {
    const graph = await draw([traceOf('p2', [null, '192.0.2.9'])]);
    expect(within(graph).getByText('* TTL 1, no answer')).toBeTruthy();
    expect(within(graph).getByText('192.0.2.9 12.5 ms')).toBeTruthy();
  });

  it('draws what traces have in common once, and thicker', async () => {
    const graph = await draw([
      traceOf('p1', ['198.51.100.1', '192.0.2.9']),
      traceOf('p2', ['198.51.100.1', '192.0.2.9']),
    ]);
    const widths = [...graph.querySelectorAll('path')].map((line) => line.getAttribute('stroke-width'));
    expect(widths).toEqual(['2', '3', '2']);
  });

  it('marks what changed, and only that', async () => {
    const now = traceOf('p2', ['198.51.100.7', '192.0.2.9']);
    const graph = await draw([now], new Map([[now, traceOf('p2', ['198.51.100.1', '192.0.2.9'])]]));
    const changed = [...graph.querySelectorAll('.changed title')].map(({ textContent }) => textContent);
    expect(changed).toEqual(['198.51.100.7 –']);
  });

  it('shortens long names in the box, and shows markup in them as text', async () => {
    const graph = await draw([traceOf('p1', ['192.0.2.9'])]);
    expect(within(graph).getByText('<b>Lab</b> in a c…')).toBeTruthy();
    expect(graph.querySelector('b')).toBeNull();
    expect(within(graph).getByText('<b>Lab</b> in a cellar with a very long name probe')).toBeTruthy();
  });
});
