import { describe, expect, it } from '@jest/globals';
import { FATES, FATES_WIDTH } from '../../core/runs/index.js';
import { columnsOf } from './columns.js';
import { ValuesReader } from './values.js';

describe('columns of runs', () => {
  it('say of each run that was due one thing: received, failed, missing, or still awaited', async () => {
    const runs = new Uint32Array(2 * FATES_WIDTH);
    const note = (bucket: number, fate: (typeof FATES)[number], count: number) => {
      runs[bucket * FATES_WIDTH + FATES.indexOf(fate) + 1] = count;
    };
    note(0, 'received', 5);
    note(0, 'failed', 2);
    note(0, 'not_connected', 3);
    note(1, 'received', 4);
    note(1, 'awaited', 1);
    const columns = columnsOf('ping').filter(({ from }) => from === 'runs');
    const { values } = await new ValuesReader('ping', columns, 2).read({ packed: [], observed: [], runs });
    expect(values).toEqual({
      runs_due: [10, 5],
      runs_received: [5, 4],
      runs_failed: [2, 0],
      runs_missing: [3, 0],
      runs_fates: { not_connected: [3, 0], awaited: [0, 1] },
    });
  });
});
