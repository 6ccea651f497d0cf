import mongoose from 'mongoose';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BackupHeader,
  databaseTime,
  occupiedCollections,
  readBackup,
  restoreDocuments,
  serversAlive,
  settleRestored,
} from '../core/maintenance/index.js';
import { joinDatabase } from '../platform/embedded-mongod/provide-database.js';
import { createLogger } from '../platform/logging/logger.js';
import { type Env } from '../config/env.js';
import { readEnv } from '../config/read-env.js';

const USAGE =
  'usage: make restore FILE=name [REPLACE=1]   (node dist/cli/restore.js FILE [--replace]; - is standard input)';

/** Makes the platform what it was when it was backed up. */
async function main([file, option, ...more]: string[]): Promise<string> {
  const replace = option === '--replace';
  if (file === undefined || more.length > 0 || (option !== undefined && !replace)) throw new Error(USAGE);
  const env = { ...readEnv(), logLevel: 'warn' as const };
  // the whole file is read before anything is changed
  const header = await check(file);
  const database = await joinDatabase(env, createLogger(env));
  const client = new mongoose.mongo.MongoClient(database.uri, { serverSelectionTimeoutMS: 5000 });
  try {
    const db = client.db(env.mongoDatabase);
    if ((await serversAlive(db)) > 0) {
      throw new Error(
        'A server is running on this database (or was killed in the last 20 s): stop it first.',
      );
    }
    const occupied = await occupiedCollections(db);
    if (occupied.length > 0 && !replace) {
      throw new Error(
        `The database is not empty (${occupied.join(', ')}): a restore would put the backup in its place. ` +
          'Say REPLACE=1 (--replace) if that is what you want.',
      );
    }
    const documents = await restoreDocuments(
      db,
      readBackup(open(file), () => undefined),
    );
    await settleRestored(db, { backup_at: header.at, restored_at: await databaseTime(db) });
    const secret = await restoreSecret(env, header);
    return `${documents} documents of ${header.at.toISOString()} are restored; ${secret}. The next start brings indexes and migrations up to date.`;
  } finally {
    await client.close();
    await database.stop();
  }
}

/** @throws BadBackupError */
async function check(file: string): Promise<BackupHeader> {
  let header: BackupHeader | undefined;
  const documents = readBackup(open(file), (found) => {
    header = found;
  });
  while ((await documents.next()).done !== true);
  if (header === undefined) throw new Error(`${file} has no header`);
  return header;
}

function open(file: string) {
  return createReadStream(file);
}

async function restoreSecret(env: Env, { secretKey }: BackupHeader): Promise<string> {
  if (secretKey === undefined) return 'tokens hold if SECRET_KEY is what it was';
  if (!env.secretKeyIsOwn) {
    return secretKey === env.secretKey
      ? 'tokens hold'
      : 'SECRET_KEY is set to another key than the backup has: no token of that time holds';
  }
  await writeFile(join(env.dataDir, 'secret-key'), `${secretKey}\n`, { mode: 0o600 });
  return 'tokens hold';
}

main(process.argv.slice(2)).then(
  (sentence) => {
    console.log(sentence);
  },
  (error: unknown) => {
    console.error(`restore: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
