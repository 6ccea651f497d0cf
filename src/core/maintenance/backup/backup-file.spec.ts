import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import {
  type BackedUpDocument,
  type BackupHeader,
  type CollectionToBackUp,
  readBackup,
  writeBackup,
} from './backup-file.js';

const { BSON } = mongoose.mongo;
const AT = new Date('2026-11-21T05:10:30.250Z');
const run = promisify(execFile);

const collection = (name: string, documents: object[], metadata = {}): CollectionToBackUp => {
  const raw = documents.map((document) => BSON.serialize(document));
  const bytes = raw.reduce((sum, { length }) => sum + length, 0);
  return { name, metadata, bytes, documents: Readable.from(raw) };
};

async function written(
  collections: CollectionToBackUp[],
  header: BackupHeader = { at: AT },
): Promise<Buffer> {
  const output = new PassThrough();
  const [bytes] = await Promise.all([
    buffer(output),
    writeBackup(header, Readable.from(collections), output),
  ]);
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

/** A gzipped tar of files that nobody of ours wrote. */
async function archive(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

const headerWith = (more: object) =>
  JSON.stringify({ format: 'pladmed-backup', version: 2, at: AT, ...more });

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
    const documents = fc.array(document, { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ results: documents, ledger: documents, 'ß/..%': documents }),
        fc.integer({ min: 1, max: 5000 }),
        async (all, pieces) => {
          const file = await written(Object.entries(all).map(([name, rows]) => collection(name, rows)));
          const back = await read(file, pieces);
          expect(back.header).toEqual({ at: AT });
          const hex = (each: object) => Buffer.from(BSON.serialize(each)).toString('hex');
          expect(back.documents.map((each) => [each.collection, hex(each.document)])).toEqual(
            Object.entries(all).flatMap(([name, rows]) => rows.map((row) => [name, hex(row)])),
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it('holds documents as large as MongoDB’s, and the key where there is one', async () => {
    const large = { raw: Buffer.alloc(15 * 1024 * 1024, 7) };
    const file = await written([collection('results', [large, large])], { at: AT, secretKey: 'abc' });
    const back = await read(file, 60_000);
    expect(back.documents).toHaveLength(2);
    expect(back.header?.secretKey).toBe('abc');
  });

  /** The layout of mongodump 100: <database>/<collection>.bson and .metadata.json, in canonical extended JSON. */
  it('is a tar with the files that mongodump makes, read here by tar', async () => {
    const rows = [{ _id: new BSON.ObjectId(), n: new BSON.Long(5) }, { _id: 'b' }];
    const index = { v: 2, key: { email: 1 }, name: 'email_1', unique: true };
    const file = await written([
      collection('users', rows, { options: {}, indexes: [index], type: 'collection' }),
      collection('empty', []),
    ]);
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-backup-'));
    try {
      await writeFile(join(folder, 'backup'), file);
      const { stdout } = await run('tar', ['-xvf', 'backup'], { cwd: folder });
      expect(stdout.trim().split('\n')).toEqual([
        'pladmed-backup.json',
        'pladmed/users.metadata.json',
        'pladmed/users.bson',
        'pladmed/empty.metadata.json',
        'pladmed/empty.bson',
        'pladmed-backup.end.json',
      ]);
      const bson = await readFile(join(folder, 'pladmed/users.bson'));
      expect(bson).toEqual(Buffer.concat(rows.map((row) => BSON.serialize(row))));
      const metadata = await readFile(join(folder, 'pladmed/users.metadata.json'), 'utf8');
      expect(JSON.parse(metadata)).toEqual({
        options: {},
        indexes: [
          { v: { $numberInt: '2' }, key: { email: { $numberInt: '1' } }, name: 'email_1', unique: true },
        ],
        type: 'collection',
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('whose collection is not as long as was said is not finished', async () => {
    const wrong = { ...collection('users', [{ n: 1 }]), bytes: 100 };
    await expect(written([wrong])).rejects.toThrow('Size mismatch');
  });

  it('that breaks off while it is written says why', async () => {
    const broken = {
      ...collection('users', []),
      bytes: 100,
      // eslint-disable-next-line typescript/require-await -- the driver's cursor fails like this
      documents: (async function* () {
        yield BSON.serialize({ n: 1 });
        throw new Error('the snapshot is too old');
      })(),
    };
    await expect(written([broken])).rejects.toThrow('the snapshot is too old');
  });

  it('that ends anywhere before its end is refused', async () => {
    const file = await written([collection('a', [{ n: 1 }, { n: 2 }])]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), async (length) => {
        await expect(read(file.subarray(0, length), Math.max(1, length))).rejects.toThrow('backup');
      }),
    );
    const tar = gunzipSync(file);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: tar.length - 1536 }), async (length) => {
        await expect(read(gzipSync(tar.subarray(0, length)))).rejects.toThrow('backup');
      }),
    );
  });

  it.each<[string, Record<string, string | Buffer>, string]>([
    ['begins with another file', { 'data/WiredTiger': '' }, 'begins with data/WiredTiger'],
    ['has another format', { 'pladmed-backup.json': '{"format":"x"}' }, 'no backup'],
    ['is of a later version', { 'pladmed-backup.json': headerWith({ version: 9 }) }, 'version 9'],
    ['does not say when it was made', { 'pladmed-backup.json': headerWith({ at: 5 }) }, 'when it was made'],
    ['has a header that is no JSON', { 'pladmed-backup.json': '{' }, 'no backup'],
    [
      'holds a file that is none of ours',
      { 'pladmed-backup.json': headerWith({}), '../users.bson': '' },
      'it holds ../users.bson',
    ],
    [
      'holds half a document',
      { 'pladmed-backup.json': headerWith({}), 'pladmed/users.bson': Buffer.from([9, 0, 0, 0, 0]) },
      'not whole',
    ],
    [
      'holds a document of two GB',
      { 'pladmed-backup.json': headerWith({}), 'pladmed/users.bson': Buffer.alloc(64, 0x7f) },
      'sensible length',
    ],
    [
      'has another number of documents than it says',
      { 'pladmed-backup.json': headerWith({}), 'pladmed-backup.end.json': '{"documents":1}' },
      'as many documents',
    ],
    [
      'goes on after its end',
      {
        'pladmed-backup.json': headerWith({}),
        'pladmed-backup.end.json': '{"documents":0}',
        'pladmed/users.bson': '',
      },
      'after its end',
    ],
    ['has no end', { 'pladmed-backup.json': headerWith({}) }, 'too early'],
  ])('that %s is refused', async (_what, files, sentence) => {
    await expect(read(await archive(files))).rejects.toThrow(sentence);
  });

  it('that is something else is refused', async () => {
    await expect(read(gzipSync(BSON.serialize({ format: 'x' })))).rejects.toThrow('no backup');
    await expect(read(gzipSync(Buffer.alloc(2048, 0x7f)))).rejects.toThrow('no backup');
    await expect(read(Buffer.from('not a backup'))).rejects.toThrow('no backup');
  });
});
