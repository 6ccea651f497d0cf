import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { KnownDocuments, madeOnce } from './known-documents.js';

const bytesOf = (document: object) => Buffer.from(mongoose.mongo.BSON.serialize(document));
const MEGABYTE = 1024 * 1024;

describe('KnownDocuments', () => {
  it('has one object for the same bytes, wherever they stand in memory, and another one for others', () => {
    const known = new KnownDocuments<{ name: string; at: Date }>(MEGABYTE);
    const document = { name: 'Zürich', at: new Date(7) };
    const first = known.of(bytesOf(document));
    expect(first).toEqual(document);
    expect(known.of(Buffer.concat([Buffer.alloc(3), bytesOf(document)]).subarray(3))).toBe(first);
    expect(known.of(bytesOf({ ...document, at: new Date(8) }))).toEqual({ ...document, at: new Date(8) });
  });

  it('has objects that nobody can change', () => {
    const known = new KnownDocuments<{ name: string }>(MEGABYTE);
    const document = known.of(bytesOf({ name: 'a' })) as { name: string };
    expect(() => {
      document.name = 'b';
    }).toThrow(TypeError);
  });

  it('keeps no more than its memory allows: those that were asked for last', () => {
    const known = new KnownDocuments<{ n: number; pad: string }>(MEGABYTE);
    const documents = Array.from({ length: 300 }, (_, n) => bytesOf({ n, pad: 'x'.repeat(1_000) }));
    const first = documents.map((bytes) => known.of(bytes));
    const isKept = (n: number) => known.of(documents[n] ?? Buffer.alloc(0)) === first[n];
    expect(isKept(299)).toBe(true);
    expect(isKept(0)).toBe(false);
  });

  it('keeps none that takes a large part of its memory', () => {
    const known = new KnownDocuments<{ pad: string }>(MEGABYTE);
    const large = bytesOf({ pad: 'x'.repeat(100_000) });
    expect(known.of(large)).toEqual(known.of(large));
    expect(known.of(large)).not.toBe(known.of(large));
  });
});

describe('madeOnce', () => {
  it('makes it once for each object', () => {
    let made = 0;
    const textOf = madeOnce((item: { n: number }) => `${item.n} ${(made += 1)}`);
    const item = { n: 1 };
    expect([textOf(item), textOf(item), textOf({ n: 1 })]).toEqual(['1 1', '1 1', '1 2']);
  });
});
