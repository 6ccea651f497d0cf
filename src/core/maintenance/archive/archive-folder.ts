import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { isMissing } from '../../../platform/errors/file-errors.js';

const MANIFEST = 'manifest.ndjson';

/** A line of a manifest: a file of the archive, which is whole and durable. */
export interface ManifestEntry {
  batch: string;
  file: string;
  operation_id: string;
  kind: string;
  /** what was deleted behind it: results, or their raw bytes */
  part: 'results' | 'raw';
  results: number;
  bytes: number;
  sha256: string;
  /** of the results: when they were stored */
  received_from: string;
  received_to: string;
  written_at: string;
}

/** What a file is to say. */
export interface ArchiveFile {
  batch: string;
  operation: string;
  lines: AsyncIterable<string>;
}

/** Files of results by operation, each named by the manifest beside it from the moment on at which it is durable. */
export class ArchiveFolder {
  constructor(private readonly path: string) {}

  /** @returns the entry of a batch, where there is one */
  async entryOf(operation: string, batch: string): Promise<ManifestEntry | undefined> {
    return (await this.entries(operation)).find((entry) => entry.batch === batch);
  }

  /** What a manifest says. A line that a kill cut off is no entry. */
  async entries(operation: string): Promise<ManifestEntry[]> {
    const text = await readFile(join(this.path, operation, MANIFEST), 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return '';
      throw error;
    });
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ManifestEntry);
  }

  /** Writes a file anew, whatever an interruption has left of it. @returns when it is durable */
  async write({
    batch,
    operation,
    lines,
  }: ArchiveFile): Promise<Pick<ManifestEntry, 'file' | 'bytes' | 'sha256'>> {
    const folder = join(this.path, operation);
    await mkdir(folder, { recursive: true });
    await synced(this.path);
    const { extension, stream } = packer();
    const file = `${batch}.ndjson.${extension}`;
    const part = join(folder, `.${file}.part`);
    await pipeline(Readable.from(lines), stream, createWriteStream(part, { mode: 0o640 }));
    await synced(part);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(part) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    await rename(part, join(folder, file));
    await synced(folder);
    return { file, bytes, sha256: hash.digest('hex') };
  }

  /** @returns when the entry is durable */
  async name(entry: ManifestEntry): Promise<void> {
    const folder = join(this.path, entry.operation_id);
    const handle = await open(join(folder, MANIFEST), 'a+', 0o640);
    try {
      await cutPartialLine(handle);
      await handle.appendFile(`${JSON.stringify(entry)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await synced(folder);
  }
}

/** What a kill has left of a line would swallow the next one. */
async function cutPartialLine(handle: FileHandle): Promise<void> {
  const text = await handle.readFile();
  const end = text.lastIndexOf(0x0a) + 1;
  if (end < text.length) await handle.truncate(end);
}

/** Newer than the types of the oldest Node that is supported. */
const { createZstdCompress } = zlib as { createZstdCompress?: () => Transform };

/** zstd where this Node has it (22.15 and later), gzip otherwise. */
function packer(): { extension: string; stream: Transform } {
  if (createZstdCompress !== undefined) return { extension: 'zst', stream: createZstdCompress() };
  return { extension: 'gz', stream: zlib.createGzip() };
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
