import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { ObjectId } from '../../platform/database/object-id.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { DecodedTexts } from './decoded-texts.js';
import { type ReadResult, type ResultReader } from './result-reader.js';

const TURN_MS = 5_000;
const IDLE_MS = 1_000;
const LIGHT_AT_ONCE = 64;
const MANY_BYTES = 1024 * 1024;
const LARGE = Buffer.from('€äx😀'.repeat(400_000));
const stays = new AbortController().signal;

/** @param isLight whether its raw bytes are few, and came with its listing */
function resultOf(raw: Buffer, isLight: boolean): ReadResult {
  return {
    ...{ _id: new ObjectId(), operation: new ObjectId(), probe: new ObjectId() },
    ...{
      received_at: new Date(),
      outcome: 'stored',
      format: 'gzip',
      bytes: 300,
      raw_bytes: isLight ? raw.length : MANY_BYTES,
    },
    ...(isLight && { raw }),
  };
}

/** Counts how often large raw bytes are read; the rest is the real thing. */
function texts(raw: Buffer): { texts: DecodedTexts; read: () => number } {
  let count = 0;
  const rawOf = (): Promise<Buffer> => {
    count += 1;
    return Promise.resolve(raw);
  };
  return {
    texts: new DecodedTexts({ rawOf } as unknown as ResultReader, new LimitHits()),
    read: () => count,
  };
}

class Reader {
  private readonly chunks: Buffer[] = [];
  private done = false;

  constructor(private readonly pieces: AsyncGenerator<Buffer, void>) {}

  async take(): Promise<boolean> {
    const { value, done } = await this.pieces.next();
    this.done = done === true;
    if (value !== undefined) this.chunks.push(value);
    return !this.done;
  }

  async toEnd(): Promise<string> {
    while (!this.done) await this.take();
    return this.text;
  }

  async leave(): Promise<void> {
    await this.pieces.return();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  get largest(): number {
    return Math.max(...this.chunks.map(({ length }) => length));
  }
}

describe('decoded texts', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const zipped = gzipSync(LARGE);
  const whole = JSON.stringify(LARGE.toString());
  const large = resultOf(zipped, false);
  const read = (from: DecodedTexts, result = large, gone = stays) =>
    new Reader(from.decoded(result, 'json', gone));
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('hands out a small one as it is, at once', async () => {
    const { texts: all, read: count } = texts(zipped);
    const reader = read(all, resultOf(gzipSync('a "b"'), true));
    await reader.take();
    expect(reader.text).toBe('"a \\"b\\""');
    expect(await reader.toEnd()).toBe('"a \\"b\\""');
    expect(count()).toBe(0);
  });

  it.each([true, false])(
    'hands out a long one in pieces, every character whole (light: %s)',
    async (light) => {
      const reader = read(texts(zipped).texts, resultOf(zipped, light));
      expect((await reader.toEnd()) === whole).toBe(true);
      expect(reader.largest).toBeLessThan(4 * 64 * 1024);
    },
  );

  it('has many of few raw bytes decoded at the same time', async () => {
    const { texts: all } = texts(zipped);
    const readers = Array.from({ length: LIGHT_AT_ONCE }, () => read(all, resultOf(zipped, true)));
    for (const reader of readers) await reader.take();
    expect(readers.every(({ text }) => whole.startsWith(text) && text !== '')).toBe(true);
    for (const reader of readers) await reader.leave();
  });

  it('has one large one in memory, however many readers take nothing; who goes on gets the rest of his own', async () => {
    const { texts: all, read: count } = texts(zipped);
    const readers = Array.from({ length: 3 }, () => read(all));
    let begun = 0;
    const first = readers.map(async (reader) => {
      await reader.take();
      begun += 1;
    });
    for (const expected of [1, 2, 3]) {
      while (begun < expected) await nextTurn();
      expect(count()).toBe(expected);
      // nobody reads: the turns go round
      await jest.advanceTimersByTimeAsync(IDLE_MS + 600);
    }
    await Promise.all(first);
    const ends = await Promise.all(readers.map((reader) => reader.toEnd()));
    expect(ends.every((text) => text === whole)).toBe(true);
    // those that were given up were decoded again
    expect(count()).toBe(3 + 2);
  });

  it('is not given up while nobody else waits', async () => {
    const { texts: all, read: count } = texts(zipped);
    const reader = read(all);
    await reader.take();
    await jest.advanceTimersByTimeAsync(10 * TURN_MS);
    expect((await reader.toEnd()) === whole).toBe(true);
    expect(count()).toBe(1);
  });

  it('lets others in when a reader leaves, also one that waits', async () => {
    const { texts: all } = texts(zipped);
    const inside = [read(all)];
    for (const reader of inside) await reader.take();
    const leaving = new AbortController();
    const left = read(all, large, leaving.signal).take();
    const next = read(all);
    const waiting = next.take();
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    for (const reader of inside) await reader.leave();
    expect(await waiting).toBe(true);
    expect((await next.toEnd()) === whole).toBe(true);
  });

  it('measures without keeping, and gives up what is too long', async () => {
    const { texts: all } = texts(zipped);
    for (const light of [true, false]) {
      const result = resultOf(zipped, light);
      expect(await all.measure(result, 'json', Infinity, 0, stays)).toEqual({ length: whole.length });
      expect(await all.measure(result, 'json', whole.length - 1, 0, stays)).toBeUndefined();
      expect((await all.measure(result, 'json', Infinity, Infinity, stays))?.text === whole).toBe(true);
    }
  });
});
