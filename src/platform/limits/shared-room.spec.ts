import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SharedRoom } from './shared-room.js';

/** @returns how many items of `bytes` it got in before it was refused */
function fill(room: SharedRoom, who: string, bytes: number): number {
  let items = 0;
  while (room.enter(who, bytes) === undefined) items += 1;
  return items;
}

describe('SharedRoom', () => {
  it('leaves half to others, however much one wants', () => {
    const room = new SharedRoom({ bytes: 1000, items: 1_000_000 });
    expect(fill(room, 'greedy', 10)).toBe(50);
    expect(room.enter('greedy', 10)).toBe('share');
    expect(room.enter('modest', 400)).toBeUndefined();
  });

  it('bounds items as well, however small they are', () => {
    const room = new SharedRoom({ bytes: 1_000_000, items: 10 });
    expect(fill(room, 'greedy', 0)).toBe(5);
    for (const who of ['a', 'b', 'c', 'd', 'e']) expect(room.enter(who, 0)).toBeUndefined();
    expect(room.enter('f', 0)).toBe('items');
  });

  it('lets one in that is larger than the room, alone', () => {
    const room = new SharedRoom({ bytes: 100, items: 10 });
    expect(room.enter('a', 500)).toBeUndefined();
    expect(room.enter('b', 1)).toBe('bytes');
    room.leave('a', 500);
    expect(room.enter('b', 1)).toBeUndefined();
  });

  it('lets an item that is in have more, by the same rules', () => {
    const room = new SharedRoom({ bytes: 1000, items: 10 });
    expect(room.enter('a', 10)).toBeUndefined();
    expect(room.widen('a', 5000)).toBeUndefined();
    expect(room.enter('b', 10)).toBe('bytes');
    room.leave('a', 5010);
    for (const who of ['a', 'a', 'b']) expect(room.enter(who, 200)).toBeUndefined();
    expect(room.widen('a', 100)).toBe('share');
    expect(room.widen('b', 500)).toBe('bytes');
    expect(room.widen('b', 400)).toBeUndefined();
    expect(room.bytes).toBe(1000);
    room.leave('b', 600);
    expect(room.widen('a', 100)).toBeUndefined();
  });

  it('is never over-full, starves nobody who has nothing in it, and is empty when all have left', () => {
    const action = fc.record({
      who: fc.constantFrom('a', 'b', 'c', 'd'),
      bytes: fc.integer({ min: 1, max: 100 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const most = { bytes: 1000, items: 40 };
        const room = new SharedRoom(most);
        const inside: { who: string; bytes: number }[] = [];
        for (const { who, bytes, leaves } of actions) {
          const first = leaves ? inside.shift() : undefined;
          if (first !== undefined) room.leave(first.who, first.bytes);
          else if (room.enter(who, bytes) === undefined) inside.push({ who, bytes });
          expect(room.bytes).toBe(inside.reduce((sum, each) => sum + each.bytes, 0));
          expect(room.items).toBe(inside.length);
          expect(room.bytes).toBeLessThanOrEqual(most.bytes);
          expect(room.items).toBeLessThanOrEqual(most.items);
        }
        // four that are greedy leave a fifth of it
        for (const who of ['a', 'b', 'c', 'd']) fill(room, who, 1);
        expect(room.enter('newcomer', 1)).toBeUndefined();
        room.leave('newcomer', 1);
        for (const { who, bytes } of inside) room.leave(who, bytes);
      }),
    );
  });
});
