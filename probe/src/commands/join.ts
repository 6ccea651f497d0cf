import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FILE, readConfigFile, type Settings } from '../config/config.js';

/** Keeps settings in the data folder, readable by the owner alone. What was there and is not given anew stays. */
export async function saveSettings(dataDir: string, changes: Record<string, unknown>): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, CONFIG_FILE);
  const merged = { ...readConfigFile(dataDir), ...changes };
  await writeFile(path, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
  return path;
}

/** What `join` writes down: the server, the token, and whatever else was given. */
export async function joinServer(settings: Settings, given: Record<string, unknown>): Promise<string> {
  const { tokenFile: _file, dataDir: _folder, ...rest } = given;
  return saveSettings(settings.dataDir, { ...rest, server: settings.server, token: settings.token });
}
