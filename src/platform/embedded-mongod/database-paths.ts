import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the embedded database keeps what, all inside DATA_DIR. */
export interface DatabasePaths {
  dataDir: string;
  /** mongod's data files. */
  db: string;
  /** mongod's own log. */
  log: string;
  /** What mongod printed, of use when it fails before it has a log. */
  output: string;
  /** Which mongod runs, or ran last: see MongodState. */
  state: string;
  /** The folder of the Unix domain socket on which mongod listens beside its port. */
  sockets: string;
}

/** The mongod that runs, or ran last, on a data directory. */
export interface MongodState {
  pid: number;
  port: number;
}

/** Makes the folders and resolves links, so that one directory has one name. */
export async function prepareDatabasePaths(dataDir: string): Promise<DatabasePaths> {
  await mkdir(join(dataDir, 'db'), { recursive: true, mode: 0o700 });
  const real = await realpath(dataDir);
  return {
    dataDir: real,
    db: join(real, 'db'),
    log: join(real, 'db.log'),
    output: join(real, 'db.out'),
    state: join(real, 'mongod.json'),
    sockets: join(real, 'sockets'),
  };
}

/** undefined when none was kept, or the file is not ours. */
export async function readMongodState(path: string): Promise<MongodState | undefined> {
  try {
    const { pid, port } = JSON.parse(await readFile(path, 'utf8')) as Partial<MongodState>;
    return Number.isInteger(pid) && Number.isInteger(port)
      ? { pid: pid as number, port: port as number }
      : undefined;
  } catch {
    return undefined;
  }
}

export async function writeMongodState(path: string, state: MongodState): Promise<void> {
  const draft = `${path}.draft`;
  await writeFile(draft, JSON.stringify(state), { mode: 0o600 });
  await rename(draft, path);
}
