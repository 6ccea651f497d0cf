import { once } from 'node:events';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Bytes that the name of a socket may have on every system that we know: 108 on Linux and 104 on others, with the 0 at its end. */
const LONGEST_NAME = 103;
const LARGEST_PORT = 65_535;

/** @returns where a mongod with this folder and port has its socket; the name is MongoDB's */
export function socketOf(folder: string, port: number): string {
  return join(folder, `mongodb-${port}.sock`);
}

/**
 * Makes the folder anew, without what a killed mongod left in it.
 * @returns whether a socket can be in it: its name may be too long, and not every file system has sockets
 */
export async function prepareSockets(folder: string): Promise<boolean> {
  await rm(folder, { recursive: true, force: true });
  const longest = socketOf(folder, LARGEST_PORT);
  if (Buffer.byteLength(longest) > LONGEST_NAME) return false;
  await mkdir(folder, { mode: 0o700 });
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(longest);
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    // which removes the socket
    server.close();
  }
}

/** @returns whether a mongod that takes connections on this port has a socket as well */
export async function hasSocket(folder: string, port: number): Promise<boolean> {
  const file = await stat(socketOf(folder, port)).catch(() => undefined);
  return file?.isSocket() === true;
}
