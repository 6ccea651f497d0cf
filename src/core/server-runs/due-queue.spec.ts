import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueQueue } from './due-queue.js';

const item = (dueAt: number) => ({ dueAt });

function drain(queue: DueQueue<{ dueAt: number }>, now: number): number[] {
  const all: number[] = [];
  for (let next = queue.take(now); next !== undefined; next = queue.take(now)) all.push(next.dueAt);
  return all;
}

describe('DueQueue', () => {
  it('gives what is due in the order of its times, and nothing else, in whatever order it came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), fc.nat(50), (first, second, now) => {
        const queue = new DueQueue<{ dueAt: number }>();
        for (const time of first) queue.add(item(time));
        const before = drain(queue, now);
        for (const time of second) queue.add(item(time));
        const after = drain(queue, Infinity);
        const sorted = (times: number[]) => [...times].sort((a, b) => a - b);
        expect(before).toEqual(sorted(first.filter((time) => time <= now)));
        expect(after).toEqual(sorted([...first.filter((time) => time > now), ...second]));
        expect([queue.size, queue.nextAt]).toEqual([0, undefined]);
      }),
    );
  });
});
