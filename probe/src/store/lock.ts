import { errorCode } from '../errors.js';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** Another probe uses this folder. */
export class FolderInUse extends Error {}

/**
 * Takes the folder for this process, by a name in Linux's abstract socket space: it ends with the process, however that dies.
 * Elsewhere nothing is taken.
 * @throws FolderInUse
 */
export async function lockFolder(folder: string): Promise<Server | null> {
  if (process.platform !== 'linux') return null;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 40);
  const server = createServer((socket) => {
    socket.destroy();
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = errorCode(error) === 'EADDRINUSE';
      reject(
        taken
          ? new FolderInUse(`Another probe uses ${folder}: it runs already, or take another --data-dir`)
          : error,
      );
    });
    server.listen(`\0pladmed-probe-${name}`, resolve);
  });
  return server;
}
