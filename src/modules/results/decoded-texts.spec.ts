import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { ObjectId } from '../../common/database/object-id.js';
import { DecodedTexts } from './decoded-texts.js';
import { FORMATS } from './formats/index.js';
import { type ResultEntity } from './result.schema.js';
import { type ResultsService } from './results.service.js';

const TURN_MS = 5_000;
const LARGE = Buffer.from('€äx😀'.repeat(400_000));

function resultOf(raw: Buffer): ResultEntity {
  const ids = { _id: new ObjectId(), operation: new ObjectId(), probe: new ObjectId() };
  return {
    ...ids,
    unique_code: 'a',
    received_at: new Date(),
    outcome: 'stored',
    format: 'gzip',
    raw,
  };
}

/** Counts what is decoded; the rest is the real thing. */
function texts(): { texts: DecodedTexts; decoded: () => number } {
  let count = 0;
  const present: ResultsService['present'] = async (result, as) => {
    count += 1;
    return FORMATS.gzip.present(result.raw as Buffer, as);
  };
  return { texts: new DecodedTexts({ present } as ResultsService), decoded: () => count };
}

class Reader {
  private readonly chunks: Buffer[] = [];
  private done = false;

  constructor(private readonly pieces: AsyncGenerator<string | Buffer, void>) {}

  async take(): Promise<boolean> {
    const { value, done } = await this.pieces.next();
    this.done = done === true;
    if (value !== undefined) this.chunks.push(Buffer.from(value));
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

  const large = resultOf(gzipSync(LARGE));
  const whole = `<${JSON.stringify(LARGE.toString())}>`;
  const read = (from: DecodedTexts, result = large) => new Reader(from.inPieces(result, 'json', '<', '>'));
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('hands out a small one as it is, at once', async () => {
    const { texts: all, decoded } = texts();
    const reader = read(all, resultOf(gzipSync('a "b"')));
    await reader.take();
    expect(reader.text).toBe('<"a \\"b\\"">');
    expect(await reader.toEnd()).toBe('<"a \\"b\\"">');
    expect(decoded()).toBe(1);
  });

  it('hands out a large one in pieces, every character whole', async () => {
    const reader = read(texts().texts);
    expect((await reader.toEnd()) === whole).toBe(true);
    expect(reader.largest).toBeLessThan(1_048_576);
  });

  it('has two in memory, however many readers take nothing; who goes on gets the rest of his own', async () => {
    const { texts: all, decoded } = texts();
    const readers = Array.from({ length: 6 }, () => read(all));
    // the opening, then the first piece: two of them get it
    await Promise.all(readers.map((reader) => reader.take()));
    let begun = 0;
    const first = readers.map(async (reader) => {
      await reader.take();
      begun += 1;
    });
    for (const expected of [2, 4, 6]) {
      while (begun < expected) await nextTurn();
      expect(decoded()).toBe(expected);
      // nobody reads: the turns go round
      await jest.advanceTimersByTimeAsync(TURN_MS + 1_000);
    }
    await Promise.all(first);
    const ends = await Promise.all(readers.map((reader) => reader.toEnd()));
    expect(ends.every((text) => text === whole)).toBe(true);
    // those whose text was given up had it decoded again
    expect(decoded()).toBe(6 + 4);
  });

  it('is not given up while nobody else waits', async () => {
    const { texts: all, decoded } = texts();
    const reader = read(all);
    await reader.take();
    await reader.take();
    await jest.advanceTimersByTimeAsync(10 * TURN_MS);
    expect((await reader.toEnd()) === whole).toBe(true);
    expect(decoded()).toBe(1);
  });

  it('lets others in when a reader leaves', async () => {
    const { texts: all } = texts();
    const gone = [read(all), read(all)];
    for (const reader of gone) {
      await reader.take();
      await reader.take();
    }
    const next = read(all);
    await next.take();
    const waiting = next.take();
    for (const reader of gone) await reader.leave();
    expect(await waiting).toBe(true);
    expect((await next.toEnd()) === whole).toBe(true);
  });

  it('does not believe a file that calls itself small', async () => {
    const { texts: all, decoded } = texts();
    // of two members the last one says the size
    const liar = resultOf(Buffer.concat([gzipSync(LARGE), gzipSync('x')]));
    const reader = read(all, liar);
    const expected = `<${JSON.stringify(`${LARGE.toString()}x`)}>`;
    expect((await reader.toEnd()) === expected).toBe(true);
    expect(decoded()).toBe(2);
  });
});
