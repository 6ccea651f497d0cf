import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import {
  type BackedUpDocument,
  type BackupHeader,
  readBackup,
  type RawDocument,
  writeBackup,
} from './backup-file.js';

const { BSON } = mongoose.mongo;
const AT = new Date('2026-11-21T05:10:30.250Z');

async function written(documents: RawDocument[], header: BackupHeader = { at: AT }): Promise<Buffer> {
  const output = new PassThrough();
  const [bytes] = await Promise.all([buffer(output), writeBackup(header, Readable.from(documents), output)]);
  return bytes;
}

/** @param pieces the file comes in pieces of this many bytes */
async function read(
  file: Buffer,
  pieces = file.length,
): Promise<{ header?: BackupHeader; documents: BackedUpDocument[] }> {
  const chunks = Array.from({ length: Math.ceil(file.length / pieces) }, (_, n) =>
    file.subarray(n * pieces, (n + 1) * pieces),
  );
  let header: BackupHeader | undefined;
  const documents: BackedUpDocument[] = [];
  for await (const document of readBackup(Readable.from(chunks), (found) => (header = found)))
    documents.push(document);
  return { ...(header && { header }), documents };
}

const raw = (collection: string, document: object): RawDocument => ({
  collection,
  bytes: BSON.serialize(document),
});

describe('a backup file', () => {
  it('gives back every document, byte by byte, however it is cut into pieces', async () => {
    const document = fc.record({
      n: fc.oneof(
        fc.integer(),
        fc.double({ noNaN: true }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      ),
      text: fc.string(),
      at: fc.date({ noInvalidDate: true }),
      bytes: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
      inner: fc.array(fc.oneof(fc.boolean(), fc.constant(null), fc.string()), { maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('results', 'ledger', 'ß'), document), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        async (rows, pieces) => {
          const documents = rows.map(([collection, each]) => raw(collection, each));
          const back = await read(await written(documents), pieces);
          expect(back.header).toEqual({ at: AT });
          expect(
            back.documents.map(({ collection, document: each }) => [
              collection,
              Buffer.from(BSON.serialize(each)).toString('hex'),
            ]),
          ).toEqual(
            documents.map(({ collection, bytes }) => [collection, Buffer.from(bytes).toString('hex')]),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('holds documents as large as MongoDB’s, and the key where there is one', async () => {
    const large = raw('results', { raw: Buffer.alloc(15 * 1024 * 1024, 7) });
    const back = await read(await written([large, large], { at: AT, secretKey: 'abc' }), 60_000);
    expect(back.documents).toHaveLength(2);
    expect(back.header?.secretKey).toBe('abc');
  });

  it('that ends anywhere before its end, or is something else, is refused', async () => {
    const file = await written([raw('a', { n: 1 }), raw('a', { n: 2 })]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), async (length) => {
        await expect(read(file.subarray(0, length), Math.max(1, length))).rejects.toThrow('backup');
      }),
    );
    await expect(read(gzipSync(BSON.serialize({ format: 'x' })))).rejects.toThrow('no backup');
    await expect(read(gzipSync(Buffer.alloc(64, 0x7f)))).rejects.toThrow('no backup');
    const later = BSON.serialize({ format: 'pladmed-backup', version: 9, at: AT });
    await expect(read(gzipSync(later))).rejects.toThrow('version 9');
  });
});
