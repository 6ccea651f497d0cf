import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../api/client.js';
import { textOf } from '../api/stream.js';
import { type Context } from './context.js';
import { CommandError, EXIT } from '../terminal/exit.js';
import { safeLines } from '../terminal/safe.js';
import { bytes } from '../render/text.js';

const PROGRESS_EVERY_BYTES = 1_000_000;

/** Writes what the server sends, byte for byte, but to a terminal only what it shows. */
export async function toStdout({ terminal }: Context, body: ReadableStream<Uint8Array>): Promise<void> {
  let sent = 0;
  try {
    if (terminal.isInteractive) for await (const text of textOf(body)) await terminal.write(safeLines(text));
    else
      for await (const chunk of body) {
        await terminal.write(chunk);
        sent += chunk.length;
      }
  } catch (error) {
    throw brokenOff(error, bytes(sent));
  }
}

/** Writes what the server sends; the file has its name only when it is whole. */
export async function toFile(
  { terminal }: Context,
  body: AsyncIterable<Uint8Array>,
  path: string,
): Promise<void> {
  const part = `${path}.part`;
  let [sent, told] = [0, 0];
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of body) {
      sent += chunk.length;
      if (sent - told >= PROGRESS_EVERY_BYTES) {
        told = sent;
        terminal.progress(`${bytes(sent)} ...`);
      }
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.from(counted()), createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw brokenOff(error, `${bytes(sent)}; ${path} is not written`);
  } finally {
    terminal.progress('');
  }
  terminal.say(`${path}: ${bytes(sent)}`);
}

/** @returns the error of a download that ended too early. @param after what had come */
export function brokenOff(error: unknown, after: string): CommandError {
  if (error instanceof CommandError) return error;
  return new CommandError(`It broke off after ${after}: ${reasonOf(error)}`, EXIT.server);
}
