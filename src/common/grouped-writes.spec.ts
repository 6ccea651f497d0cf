import { describe, expect, it } from '@jest/globals';
import { GroupedWrites } from './grouped-writes.js';

describe('GroupedWrites', () => {
  it('puts together what comes while a write is under way, and each once', async () => {
    const written: number[][] = [];
    const ends: (() => void)[] = [];
    const writes = new GroupedWrites<number>((items) => {
      written.push(items);
      return new Promise((end) => ends.push(end));
    });
    const turn = () => new Promise(setImmediate);
    const first = Promise.all([writes.add(1), writes.add(2)]);
    await turn();
    const second = Promise.all([writes.add(3), writes.add(4)]);
    await turn();
    expect(written).toEqual([[1, 2]]);
    ends.shift()?.();
    await first;
    await turn();
    expect(written).toEqual([
      [1, 2],
      [3, 4],
    ]);
    ends.shift()?.();
    await second;
    void writes.add(5);
    await turn();
    expect(written.at(-1)).toEqual([5]);
  });

  it('tells only those of a write that failed', async () => {
    const writes = new GroupedWrites<string>((items) =>
      items.includes('bad') ? Promise.reject(new Error('no')) : Promise.resolve(),
    );
    const bad = Promise.allSettled([writes.add('bad'), writes.add('beside it')]);
    expect((await bad).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(writes.add('good')).resolves.toBeUndefined();
  });
});
