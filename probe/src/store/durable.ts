import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the names in a folder durable: a renamed file is there after a power cut only when its folder was synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that it is there whole or not at all, whatever happens meanwhile: temporary file, sync, rename, sync of
 * the folder.
 * @throws the error of the file system (ENOSPC ...); nothing is left behind then
 */
export async function writeDurably(
  path: string,
  temporary: string,
  chunks: readonly Uint8Array[],
  owner?: { uid: number; gid: number },
): Promise<void> {
  const handle = await open(temporary, 'w', 0o600);
  try {
    try {
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      for (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
