import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { joined } from './joined.js';

async function collected(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** A whole turn of the event loop: what waits for its next one goes first. */
async function oneTurn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Gives the event loop a turn before each piece that is marked. */
async function* sourceOf(pieces: readonly (readonly [string | Buffer, boolean])[]) {
  for (const [piece, waits] of pieces) {
    if (waits) await oneTurn();
    yield piece;
  }
}

describe('joined', () => {
  it('gives the same bytes in the same order, whatever waits', async () => {
    const piece = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.constant('x'.repeat(20_000)),
    );
    const property = fc.asyncProperty(fc.array(fc.tuple(piece, fc.boolean())), async (pieces) => {
      const expected = Buffer.concat(pieces.map(([each]) => Buffer.from(each as string)));
      expect(Buffer.concat(await collected(joined(sourceOf(pieces)))).equals(expected)).toBe(true);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('makes one of what comes at once, and begins a new one when there is enough', async () => {
    const small = Array<[string, boolean]>(100).fill(['small', false]);
    expect((await collected(joined(sourceOf(small)))).map(({ length }) => length)).toEqual([500]);
    const large = Array<[string, boolean]>(6).fill(['x'.repeat(12 * 1024), false]);
    const lengths = (await collected(joined(sourceOf(large)))).map(({ length }) => length);
    expect(lengths).toEqual([36 * 1024, 36 * 1024]);
  });

  it('hands on what there is before the source fails', async () => {
    async function* source() {
      yield 'good';
      await oneTurn();
      throw new Error('broken');
    }
    const pieces = joined(source());
    expect((await pieces.next()).value).toEqual(Buffer.from('good'));
    await expect(pieces.next()).rejects.toThrow('broken');
  });

  it('keeps a failure for a reader that is slow: nothing is unhandled meanwhile', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      async function* source() {
        yield 'x'.repeat(40_000);
        await oneTurn();
        throw new Error('broken');
      }
      const pieces = joined(source());
      expect((await pieces.next()).value).toHaveLength(40_000);
      for (let turns = 0; turns < 5; turns += 1) await oneTurn();
      expect(unhandled).toEqual([]);
      await expect(pieces.next()).rejects.toThrow('broken');
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('ends a source that its reader has left', async () => {
    let ended = false;
    async function* source() {
      try {
        for (;;) yield 'x'.repeat(20_000);
      } finally {
        ended = true;
        await Promise.resolve();
      }
    }
    for await (const piece of joined(source())) {
      expect(piece.length).toBe(40_000);
      break;
    }
    expect(ended).toBe(true);
  });
});
