import busboy from 'busboy';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../platform/errors/domain.error.js';

/** A file that is on the disk, whole. */
export interface ReceivedFile {
  path: string;
  sha256: string;
  bytes: number;
  /** as its sender calls it */
  name?: string;
}

/**
 * Writes the body of a request to a file as it comes: the body itself, or the first file of a form (multipart/form-data).
 * @param folder where it is put, under a name of its own that begins with `owner`
 * @returns when it is durable
 * @throws DomainError invalid_request, body_too_large; nothing is left then
 */
export async function receive(
  request: Readable & { headers: IncomingHttpHeaders },
  folder: string,
  owner: string,
  mostBytes: number,
): Promise<ReceivedFile> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${owner}-${randomUUID()}`);
  const part = `${path}.part`;
  try {
    const isForm = /^multipart\/form-data/i.test(request.headers['content-type'] ?? '');
    const { name, ...written } = isForm
      ? await fromForm(request, part, mostBytes)
      : await writtenTo(request, part, mostBytes);
    if (written.bytes === 0)
      throw DomainError.invalid({ field: 'body', message: 'must be a file that is not empty' });
    await rename(part, path);
    await synced(folder);
    return { ...written, path, ...(name !== undefined && { name }) };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

interface Written {
  sha256: string;
  bytes: number;
  name?: string;
}

async function writtenTo(source: Readable, path: string, mostBytes: number): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      if (bytes > mostBytes)
        done(new DomainError('body_too_large', `The file may have ${mostBytes} bytes at most`));
      else done(null, chunk);
    },
  });
  await pipeline(source, counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  await synced(path);
  return { sha256: hash.digest('hex'), bytes };
}

async function fromForm(
  request: Readable & { headers: IncomingHttpHeaders },
  path: string,
  mostBytes: number,
): Promise<Written> {
  let form: busboy.Busboy;
  try {
    form = busboy({ headers: request.headers, limits: { files: 1, fields: 10, fieldSize: 1000, parts: 12 } });
  } catch (error) {
    throw new DomainError('invalid_request', `The form cannot be read: ${messageOf(error)}`);
  }
  let name: string | undefined;
  let writing = undefined as Promise<Written> | undefined;
  form.on('file', (_field, file, { filename }) => {
    name = filename;
    writing = writtenTo(file, path, mostBytes);
    // it is told below; nothing more of the request is read then
    writing.catch((error: unknown) => form.destroy(error as Error));
  });
  try {
    await pipeline(request, form);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('invalid_request', `The form cannot be read: ${messageOf(error)}`);
  }
  if (writing === undefined)
    throw DomainError.invalid({ field: 'body', message: 'must have a file, where it is a form' });
  return { ...(await writing), ...(name !== undefined && { name }) };
}

/** Makes a file, or the names in a folder, durable. */
async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
