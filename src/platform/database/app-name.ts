import { randomBytes } from 'node:crypto';

const PLATFORM = 'pladmed';

/** What a server process calls itself at MongoDB. */
export interface AppName {
  /** of this database, of all its servers */
  ofDatabase: string;
  /** of one server, also after a restart */
  ofServer: string;
  /** of one process; MongoDB takes 128 bytes, of which the database may have 63 */
  ofProcess: string;
  server: string;
}

export function appName(database: string, server: string): string {
  return `${PLATFORM}/${database}/${server}/${randomBytes(4).toString('hex')}`;
}

/** @returns undefined where the name is none that `appName` has made */
export function readAppName(name: string | undefined): AppName | undefined {
  const [platform, database, server, boot, ...more] = (name ?? '').split('/');
  if (platform !== PLATFORM || database === undefined || server === undefined) return undefined;
  if (boot === undefined || more.length > 0) return undefined;
  const ofDatabase = `${platform}/${database}/`;
  const ofServer = `${ofDatabase}${server}/`;
  return { ofDatabase, ofServer, ofProcess: ofServer + boot, server };
}
