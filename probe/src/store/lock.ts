import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { errorCode } from '../platform/errors.js';

/** Another probe uses this folder. */
export class FolderInUse extends Error {}

/** Held by a process for as long as it lives. */
export interface FolderLock {
  release(): void;
}

const FILE = 'lock';
/** The longest path of a socket, in bytes (sun_path of Linux, without its end). */
const LONGEST_PATH = 107;

/**
 * Takes the folder for this process. What holds it are two sockets that listen, so it ends with the process, however that dies, and
 * no number of a process has to be believed: one in Linux's abstract space, which two that start at once cannot both have; and one in
 * the folder, which is seen from other network namespaces and containers too. Nothing is taken on Windows.
 * @param folder its real path
 * @throws FolderInUse
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const taken: Server[] = [];
  const release = (): void => {
    for (const server of taken) server.close();
  };
  try {
    if (process.platform === 'linux') taken.push(await listen(abstractName(folder), folder));
    const path = socketPath(folder);
    if (path !== null) {
      if (await answers(path)) throw inUse(folder);
      const server = await takePath(path, folder);
      if (server !== null) taken.push(server);
    }
    return { release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Whether a living process holds the folder. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  const path = socketPath(folder);
  const names = [
    ...(process.platform === 'linux' ? [abstractName(folder)] : []),
    ...(path === null ? [] : [path]),
  ];
  const held = await Promise.all(names.map(answers));
  return held.includes(true);
}

function abstractName(folder: string): string {
  return `\0pladmed-probe-${createHash('sha256').update(folder).digest('hex').slice(0, 40)}`;
}

function socketPath(folder: string): string | null {
  const path = join(folder, FILE);
  return process.platform === 'win32' || Buffer.byteLength(path) > LONGEST_PATH ? null : path;
}

/** @returns null where the file system has no room or no sockets: then the other one has to do */
async function takePath(path: string, folder: string): Promise<Server | null> {
  // Nobody answers there: it was left by a process that was killed.
  await unlink(path).catch(() => undefined);
  try {
    return await listen(path, folder);
  } catch (error) {
    if (error instanceof FolderInUse) throw error;
    return null;
  }
}

async function listen(name: string, folder: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.destroy();
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(errorCode(error) === 'EADDRINUSE' ? inUse(folder) : error);
    });
    server.listen(name, resolve);
  });
  return server;
}

function inUse(folder: string): FolderInUse {
  return new FolderInUse(`Another probe uses ${folder}: it runs already, or take another --data-dir`);
}

/** Somebody listens there. One who may not connect has found somebody, too. */
function answers(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name);
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', (error) => {
      end(['EAGAIN', 'EACCES', 'EPERM'].includes(errorCode(error) ?? ''));
    });
  });
}
