import mongoose from 'mongoose';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { type Extract, extract, type Pack, pack } from 'tar-stream';

const { BSON } = mongoose.mongo;
const FORMAT = 'pladmed-backup';
/** 1 was gzipped BSON in a form of our own; nobody but this server could read it. */
const VERSION = 2;
/** A document of MongoDB has at most 16 MiB, and what the server adds to it. */
const MAX_DOCUMENT_BYTES = 17 * 1024 * 1024;
const MAX_JSON_BYTES = 1024 * 1024;
const HEADER = 'pladmed-backup.json';
const TRAILER = 'pladmed-backup.end.json';
/** What mongodump calls a database's folder: its name. */
const FOLDER = 'pladmed';

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** What stands at the beginning of a backup. */
export interface BackupHeader {
  /** everything in it is as it was at this moment */
  at: Date;
  /** the key of the platform's tokens, where the server made it itself */
  secretKey?: string | undefined;
}

/** One collection, to be written. */
export interface CollectionToBackUp {
  name: string;
  /** as mongodump writes it: options, indexes, UUID */
  metadata: object;
  /** of all its documents together: a tar says how long a file is before the file begins */
  bytes: number;
  /** each in MongoDB's own bytes */
  documents: AsyncIterable<Uint8Array>;
}

/** One document of one collection; numbers and times keep their BSON types. */
export interface BackedUpDocument {
  collection: string;
  document: Record<string, unknown>;
}

/** A file that is no backup, is damaged, or ends too early. */
export class BadBackupError extends Error {
  override readonly name = 'BadBackupError';
}

/**
 * Writes a backup: a gzipped tar with the files of mongodump, `pladmed/<collection>.bson` and `.metadata.json`, which stock
 * mongorestore and bsondump read. A header comes first; a trailer with the number of documents last, without which it is not whole.
 * @returns how many documents
 */
export async function writeBackup(
  { at, secretKey }: BackupHeader,
  collections: AsyncIterable<CollectionToBackUp>,
  output: Writable,
): Promise<number> {
  const archive = pack();
  let documents = 0;
  const writeJson = (name: string, value: object) =>
    addFile(archive, { name, at, body: [Buffer.from(`${JSON.stringify(value)}\n`)] });
  const write = async () => {
    await writeJson(HEADER, { format: FORMAT, version: VERSION, at, ...(secretKey && { secretKey }) });
    for await (const { name, metadata, bytes, documents: found } of collections) {
      const path = `${FOLDER}/${encodeURIComponent(name)}`;
      const text = BSON.EJSON.stringify(metadata, { relaxed: false });
      await addFile(archive, { name: `${path}.metadata.json`, at, body: [Buffer.from(text)] });
      const counted = counting(found, () => (documents += 1));
      await addFile(archive, { name: `${path}.bson`, at, body: counted, bytes });
    }
    await writeJson(TRAILER, { documents });
    archive.finalize();
  };
  const flowing = pipeline(archive, createGzip(), output);
  // what breaks first is what the caller hears of
  await Promise.all([
    flowing,
    write().catch((error: unknown) => {
      archive.destroy(error as Error);
      throw error;
    }),
  ]);
  return documents;
}

/**
 * Reads a backup.
 * @param begin is given the header, before the first document
 * @throws BadBackupError, also after the last document, when there should have been more
 */
export async function* readBackup(
  input: Readable,
  begin: (header: BackupHeader) => void,
): AsyncGenerator<BackedUpDocument> {
  const entries = extract();
  // an error of any of them ends the loop below with it
  const flowing = pipeline(input, createGunzip({ chunkSize: 1024 * 1024 }), entries).catch(() => undefined);
  try {
    yield* documentsOf(entries, begin);
  } catch (error) {
    if (error instanceof BadBackupError) throw error;
    throw new BadBackupError(
      `The file is no backup of Pladmed, or is damaged: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    input.destroy();
    await flowing;
  }
}

async function* documentsOf(
  entries: AsyncIterable<Entry>,
  begin: (header: BackupHeader) => void,
): AsyncGenerator<BackedUpDocument> {
  let [begun, ended, count] = [false, false, 0];
  // to the very end: the checksum of gzip is the last that comes
  for await (const file of entries) {
    const { name } = file.header;
    if (!begun) {
      begin(await headerOf(file));
      begun = true;
    } else if (ended) {
      throw new BadBackupError('The backup goes on after its end.');
    } else if (name === TRAILER) {
      if ((await jsonOf(file))['documents'] !== count)
        throw new BadBackupError('The backup does not have as many documents as it says.');
      ended = true;
    } else if (name.endsWith('.metadata.json')) {
      // options and indexes are what the next start of the server makes them
      file.resume();
    } else {
      const collection = collectionIn(name);
      for await (const bytes of framesOf(file)) {
        count += 1;
        yield { collection, document: BSON.deserialize(bytes, { promoteValues: false }) };
      }
    }
  }
  if (!ended)
    throw new BadBackupError('The backup ends too early: it was not written to its end, or was cut.');
}

interface File {
  name: string;
  at: Date;
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** of the body; absent: it is one piece */
  bytes?: number;
}

async function addFile(archive: Pack, { name, at, body, bytes }: File): Promise<void> {
  const size = bytes ?? [...(body as Iterable<Uint8Array>)].reduce((sum, piece) => sum + piece.length, 0);
  await new Promise<void>((resolve, reject) => {
    const sink = archive.entry({ name, size, mtime: at, mode: 0o600 }, (error) => {
      if (error) reject(error);
      else resolve();
    });
    pipeline(Readable.from(body), sink).catch(reject);
  });
}

async function* counting<T>(items: AsyncIterable<T>, count: () => void): AsyncGenerator<T> {
  for await (const item of items) {
    count();
    yield item;
  }
}

/** @throws BadBackupError for a file that no backup has */
function collectionIn(path: string): string {
  const [, name] = /^pladmed\/([^/]+)\.bson$/.exec(path) ?? [];
  if (name === undefined) throw new BadBackupError(`The file is no backup of Pladmed: it holds ${path}.`);
  return decodeURIComponent(name);
}

/** BSON documents (bsonspec.org) that follow each other: each begins with its length. */
async function* framesOf(file: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of file) {
    const chunk = piece as Buffer;
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let size = sizeAt(rest, at); size !== undefined; size = sizeAt(rest, at)) {
      yield rest.subarray(at, at + size);
      at += size;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) throw new BadBackupError('The backup is damaged: a document of it is not whole.');
}

/** @returns the size of the document that begins here; undefined while it is not all there */
function sizeAt(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < 4) return undefined;
  const size = bytes.readInt32LE(at);
  if (size < 5 || size > MAX_DOCUMENT_BYTES)
    throw new BadBackupError('The backup is damaged: a document of it has no sensible length.');
  return bytes.length - at < size ? undefined : size;
}

async function jsonOf(file: Entry): Promise<Record<string, unknown>> {
  if (file.header.size > MAX_JSON_BYTES)
    throw new BadBackupError(`The file is no backup of Pladmed: its ${file.header.name} is too long.`);
  const chunks: Buffer[] = [];
  for await (const chunk of file) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
}

async function headerOf(file: Entry): Promise<BackupHeader> {
  if (file.header.name !== HEADER)
    throw new BadBackupError(`The file is no backup of Pladmed: it begins with ${file.header.name}.`);
  const { format, version, at, secretKey } = await jsonOf(file);
  if (format !== FORMAT) throw new BadBackupError('The file is no backup of Pladmed.');
  if (version !== VERSION)
    throw new BadBackupError(`The backup has version ${String(version)}; this server reads ${VERSION}.`);
  const time = new Date(typeof at === 'string' ? at : NaN);
  if (Number.isNaN(time.getTime())) throw new BadBackupError('The backup does not say when it was made.');
  return { at: time, ...(typeof secretKey === 'string' && { secretKey }) };
}
