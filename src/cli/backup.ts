import mongoose from 'mongoose';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { databaseTime, platformCollections, writeBackup } from '../core/maintenance/index.js';
import { joinDatabase } from '../platform/embedded-mongod/provide-database.js';
import { createLogger } from '../platform/logging/logger.js';
import { readEnv } from '../config/read-env.js';

const USAGE = 'usage: make backup [FILE=name]   (node dist/cli/backup.js FILE; - is standard output)';

/** Copies the platform, beside a running server or without one, into one file that only its owner can read. */
async function main([file, ...more]: string[]): Promise<string> {
  if (file === undefined || more.length > 0) throw new Error(USAGE);
  if (file !== '-' && (await isThere(file))) throw new Error(`${file} is there already: name another file.`);
  const env = { ...readEnv(), logLevel: 'warn' as const };
  const database = await joinDatabase(env, createLogger(env));
  const client = new mongoose.mongo.MongoClient(database.uri, { serverSelectionTimeoutMS: 5000 });
  const part = `${file}.part`;
  try {
    const db = client.db(env.mongoDatabase);
    const output = file === '-' ? process.stdout : createWriteStream(part, { mode: 0o600, flags: 'wx' });
    const header = { at: await databaseTime(db), ...(env.secretKeyIsOwn && { secretKey: env.secretKey }) };
    const documents = await writeBackup(header, platformCollections(client, db), output);
    if (file === '-') return `${documents} documents`;
    await rename(part, file);
    const secret = env.secretKeyIsOwn
      ? 'with the key of its tokens: keep it as you keep a password'
      : 'without SECRET_KEY, which is yours to keep';
    return `${documents} documents are in ${file} (${Math.ceil((await stat(file)).size / 1024)} KB), ${secret}`;
  } catch (error) {
    if (file !== '-') await rm(part, { force: true });
    throw error;
  } finally {
    await client.close();
    await database.stop();
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

main(process.argv.slice(2)).then(
  (sentence) => {
    // standard output may be the backup itself
    console.error(sentence);
  },
  (error: unknown) => {
    console.error(`backup: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
