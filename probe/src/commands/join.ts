import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ADDED_UP, CONFIG_FILE, readConfigFile, type Settings } from '../config/config.js';
import { writeDurably } from '../store/durable.js';

/**
 * Keeps settings in the data folder, readable by the owner alone, whole or not at all. What was there and is not given anew stays. The
 * file belongs to whom it belonged before, or to the owner of the folder: root may change what another user's probe reads.
 */
export async function saveSettings(dataDir: string, changes: Record<string, unknown>): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, CONFIG_FILE);
  const merged = { ...readConfigFile(dataDir), ...changes };
  const text = Buffer.from(`${JSON.stringify(merged, null, 2)}\n`);
  const owner = process.getuid?.() === 0 ? await stat(path).catch(() => stat(dataDir)) : undefined;
  await writeDurably(path, `${path}.${process.pid}.new`, [text], owner);
  return path;
}

/** What `join` writes down: the server, the token, and whatever else was given. */
export async function joinServer(settings: Settings, given: Record<string, unknown>): Promise<string> {
  const { tokenFile: _file, dataDir: _folder, ...rest } = given;
  const added = ADDED_UP.filter((name) => name in rest).map((name) => [name, settings[name]] as const);
  const { server, token } = settings;
  return saveSettings(settings.dataDir, { ...rest, ...Object.fromEntries<unknown>(added), server, token });
}
