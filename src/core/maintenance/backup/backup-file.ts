import mongoose from 'mongoose';
import { createGunzip, createGzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { Readable, type Writable } from 'node:stream';

const { BSON } = mongoose.mongo;
const FORMAT = 'pladmed-backup';
const VERSION = 1;
/** A document of MongoDB has at most 16 MiB, and its frame a little more. */
const MAX_FRAME_BYTES = 17 * 1024 * 1024;

/** What stands at the beginning of a backup. */
export interface BackupHeader {
  /** everything in it is as it was at this moment */
  at: Date;
  /** the key of the platform's tokens, where the server made it itself */
  secretKey?: string | undefined;
}

/** One document of one collection, in MongoDB's own bytes. */
export interface RawDocument {
  collection: string;
  bytes: Uint8Array;
}

/** The same, read; numbers and times keep their BSON types. */
export interface BackedUpDocument {
  collection: string;
  document: Record<string, unknown>;
}

/** A file that is no backup, is damaged, or ends too early. */
export class BadBackupError extends Error {
  override readonly name = 'BadBackupError';
}

/**
 * Writes a backup: BSON documents (bsonspec.org), one after the other, gzipped. First the header, then `{c, d}` for each document
 * `d` of collection `c`, then the trailer with their number, without which the file is not whole.
 * @returns how many documents
 */
export async function writeBackup(
  header: BackupHeader,
  documents: AsyncIterable<RawDocument>,
  output: Writable,
): Promise<number> {
  let count = 0;
  async function* frames(): AsyncGenerator<Uint8Array> {
    yield BSON.serialize({ format: FORMAT, version: VERSION, ...header });
    for await (const document of documents) {
      yield frameOf(document);
      count += 1;
    }
    yield BSON.serialize({ end: true, documents: count });
  }
  await pipeline(Readable.from(frames()), createGzip(), output);
  return count;
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
  let count = 0;
  let begun = false;
  let ended = false;
  // to the very end: the checksum of gzip is the last that comes
  for await (const frame of framesOf(input)) {
    if (!begun) {
      begin(headerOf(frame));
      begun = true;
    } else if (ended) {
      throw new BadBackupError('The backup goes on after its end.');
    } else if (frame['end'] === true) {
      if (Number(frame['documents']) !== count)
        throw new BadBackupError('The backup does not have as many documents as it says.');
      ended = true;
    } else {
      count += 1;
      yield { collection: String(frame['c']), document: frame['d'] as Record<string, unknown> };
    }
  }
  if (!ended)
    throw new BadBackupError('The backup ends too early: it was not written to its end, or was cut.');
}

/** `{c: collection, d: document}` without decoding the document. */
function frameOf({ collection, bytes }: RawDocument): Uint8Array {
  const name = Buffer.from(collection);
  const frame = Buffer.alloc(4 + 3 + 4 + name.length + 1 + 3 + bytes.length + 1);
  let at = frame.writeInt32LE(frame.length, 0);
  at += frame.write('\x02c\0', at, 'latin1');
  at = frame.writeInt32LE(name.length + 1, at);
  at += name.copy(frame, at) + 1;
  at += frame.write('\x03d\0', at, 'latin1');
  frame.set(bytes, at);
  return frame;
}

async function* framesOf(input: Readable): AsyncGenerator<Record<string, unknown>> {
  const gunzip = createGunzip({ chunkSize: 1024 * 1024 });
  // an error of either ends the loop below with it
  const flowing = pipeline(input, gunzip).catch(() => undefined);
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of gunzip) {
      const chunk = piece as Buffer;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (let size = sizeAt(rest, at); size !== undefined; size = sizeAt(rest, at)) {
        yield BSON.deserialize(rest.subarray(at, at + size), { promoteValues: false });
        at += size;
      }
      rest = rest.subarray(at);
    }
  } catch (error) {
    if (error instanceof BadBackupError) throw error;
    throw new BadBackupError(
      `The backup is damaged: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    input.destroy();
    await flowing;
  }
}

/** @returns the size of the frame that begins here; undefined while it is not all there */
function sizeAt(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < 4) return undefined;
  const size = bytes.readInt32LE(at);
  if (size < 5 || size > MAX_FRAME_BYTES)
    throw new BadBackupError('The file is no backup of Pladmed, or is damaged.');
  return bytes.length - at < size ? undefined : size;
}

function headerOf(frame: Record<string, unknown>): BackupHeader {
  if (frame['format'] !== FORMAT) throw new BadBackupError('The file is no backup of Pladmed.');
  const version = Number(frame['version']);
  if (version !== VERSION)
    throw new BadBackupError(`The backup has version ${version}; this server reads ${VERSION}.`);
  const { at, secretKey } = frame;
  if (!(at instanceof Date)) throw new BadBackupError('The backup does not say when it was made.');
  return { at, ...(typeof secretKey === 'string' && { secretKey }) };
}
