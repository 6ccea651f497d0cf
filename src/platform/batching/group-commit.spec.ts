import { describe, expect, it, jest } from '@jest/globals';
import mongoose from 'mongoose';
import { GroupCommit, type GroupCommitOptions } from './group-commit.js';

/** Batches of numbers that a test finishes by hand; each number is answered with its double. */
function byHand(options: GroupCommitOptions<number>) {
  const batches: number[][] = [];
  let finish: (error?: Error) => void = () => undefined;
  let begun: () => void = () => undefined;
  const group = new GroupCommit<number, number>(async (items) => {
    batches.push([...items]);
    const over = new Promise<void>((resolve, reject) => {
      finish = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    begun();
    await over;
    return items.map((item) => 2 * item);
  }, options);
  return {
    group,
    batches,
    finish: (error?: Error) => {
      finish(error);
    },
    /** When the next batch is under way. */
    next: () => new Promise<void>((resolve) => (begun = resolve)),
  };
}

const immediate = (bad: (item: number) => Error | undefined) => {
  const written: number[] = [];
  const group = new GroupCommit<number>(
    (items) => {
      const error = items.map(bad).find((each) => each !== undefined);
      if (error !== undefined) return Promise.reject(error);
      written.push(...items);
      return Promise.resolve(items.map(() => undefined));
    },
    { most: 10 },
  );
  return { group, written };
};

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const reasons = async (all: Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map((each) =>
    each.status === 'fulfilled' ? each.value : (each.reason as Error).message,
  );

describe('GroupCommit', () => {
  it.each(Array.from({ length: 12 }, (_, ticks) => ticks))(
    'leaves nothing that comes %i ticks after a batch was written',
    async (ticks) => {
      const { promise: written, resolve } = deferred();
      const group = new GroupCommit<number>(
        (items) => {
          resolve();
          return Promise.resolve(items.map(() => undefined));
        },
        { most: 10 },
      );
      const first = group.add(1);
      await written;
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      const settled = jest.fn();
      void group.add(2).then(settled);
      await first;
      // a batch begins in the next turn of the loop
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
      expect(settled).toHaveBeenCalled();
    },
  );

  it('makes one batch of what comes while another is under way, and answers each with its own', async () => {
    const { group, batches, finish, next } = byHand({ most: 3 });
    let begun = next();
    const first = [1, 2].map((item) => group.add(item));
    await begun;
    const later = [3, 4, 5, 6].map((item) => group.add(item));
    for (let batch = 0; batch < 2; batch += 1) {
      begun = next();
      finish();
      await begun;
    }
    finish();
    expect(await Promise.all([...first, ...later])).toEqual([2, 4, 6, 8, 10, 12]);
    expect(batches).toEqual([[1, 2], [3, 4, 5], [6]]);
  });

  it('has one of a key in a batch, and keeps the order of a key', async () => {
    const { group, batches, finish, next } = byHand({ most: 2, keyOf: (item) => item % 10 });
    const begun = next();
    const all = [1, 11, 2, 3, 21, 12].map((item) => group.add(item));
    await begun;
    for (let batch = 0; batch < 2; batch += 1) {
      const another = next();
      finish();
      await another;
    }
    finish();
    await Promise.all(all);
    expect(batches).toEqual([
      [1, 2],
      [11, 3],
      [21, 12],
    ]);
  });

  it('fails the one that cannot be written, and not the others of its batch', async () => {
    const { group, written } = immediate((item) => (item === 3 ? new Error('not this one') : undefined));
    const answers = await reasons([1, 2, 3, 4, 5].map((item) => group.add(item)));
    expect(answers).toEqual([undefined, undefined, 'not this one', undefined, undefined]);
    expect(written).toEqual([1, 2, 4, 5]);
  });

  it('fails all that wait while the database is away, with one look; and goes on when it is back', async () => {
    const { group, batches, finish, next } = byHand({ most: 1 });
    let begun = next();
    const all = [1, 2, 3].map((item) => group.add(item));
    await begun;
    finish(new mongoose.mongo.MongoNotConnectedError('away'));
    expect(await reasons(all)).toEqual(['away', 'away', 'away']);
    expect(batches).toEqual([[1]]);
    begun = next();
    const back = group.add(4);
    await begun;
    finish();
    expect(await back).toBe(8);
  });

  it('refuses those that wait, ends what is under way, and is idle then', async () => {
    const { group, finish, next } = byHand({ most: 1 });
    const begun = next();
    const all = [1, 2].map((item) => group.add(item));
    await begun;
    const answers = reasons(all);
    group.refuseWaiting(new Error('closed'));
    let isIdle = false;
    const idle = group.idle().then(() => (isIdle = true));
    await new Promise(setImmediate);
    expect(isIdle).toBe(false);
    finish();
    await idle;
    expect(await answers).toEqual([2, 'closed']);
  });

  it('takes no more bytes into a batch than it may, in order, and an item that is larger alone', async () => {
    const { group, batches, finish, next } = byHand({ most: 10, mostBytes: 10, bytesOf: (item) => item });
    let begun = next();
    const all = [4, 5, 7, 30, 1, 2].map((item) => group.add(item));
    for (let batch = 0; batch < 4; batch += 1) {
      await begun;
      begun = next();
      finish();
    }
    expect(await Promise.all(all)).toEqual([8, 10, 14, 60, 2, 4]);
    expect(batches).toEqual([[4, 5], [7], [30], [1, 2]]);
  });

  it('that lingers makes one batch of what comes in other turns of the loop', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const { group, batches, finish, next } = byHand({ most: 10, lingerMs: 100 });
      const begun = next();
      const answers = [group.add(1)];
      await new Promise(setImmediate);
      answers.push(group.add(2));
      await new Promise(setImmediate);
      expect(batches).toEqual([]);
      jest.advanceTimersByTime(100);
      await begun;
      finish();
      expect(await Promise.all(answers)).toEqual([2, 4]);
      expect(batches).toEqual([[1, 2]]);
    } finally {
      jest.useRealTimers();
    }
  });
});
