import mongoose from 'mongoose';
import { orderRebuild } from '../derived/changes/index.js';
import { parseId } from '../platform/database/object-id.js';
import { joinDatabase } from '../platform/embedded-mongod/provide-database.js';
import { createLogger } from '../platform/logging/logger.js';
import { readEnv } from '../config/read-env.js';

const USAGE = 'usage: npm run changes -- rebuild [--operation ID]';

/** Has what changed found anew from the results. */
async function main([command, option, id, ...more]: string[]): Promise<string> {
  if (command !== 'rebuild' || more.length > 0) throw new Error(USAGE);
  if (option !== undefined && (option !== '--operation' || id === undefined)) throw new Error(USAGE);
  const operation = parseId(id);
  if (option !== undefined && operation === undefined) throw new Error('ID must be 24 hexadecimal digits');
  const env = { ...readEnv(), logLevel: 'warn' as const };
  const database = await joinDatabase(env, createLogger(env));
  const client = new mongoose.mongo.MongoClient(database.uri, { serverSelectionTimeoutMS: 5000 });
  try {
    const db = client.db(env.mongoDatabase);
    if (operation && (await db.collection('operations').findOne({ _id: operation })) === null)
      throw new Error(`There is no operation ${operation.toHexString()}`);
    await orderRebuild(client, db, operation);
    const which = operation ? `of operation ${operation.toHexString()}` : 'of all operations';
    return `The changes ${which} are found anew by the servers, or by the next one that is started. Until then fewer are shown.`;
  } finally {
    await client.close();
    await database.stop();
  }
}

main(process.argv.slice(2)).then(
  (sentence) => {
    console.log(sentence);
  },
  (error: unknown) => {
    console.error(`changes: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
