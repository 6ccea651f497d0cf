import 'reflect-metadata';
import { createApp, listen } from './boot.js';
import { provideDatabase, stopOnSignals } from './platform/embedded-mongod/provide-database.js';
import { createServerLogger } from './platform/logging/logger.js';
import { type Env } from './config/env.js';
import { readEnv } from './config/read-env.js';
import { endOnSignals } from './shutdown.js';

/** Boot: environment, database, application, port. What goes wrong here is said in one sentence, and the exit code is 1. */
async function main(): Promise<void> {
  const env = readEnv();
  const root = await createServerLogger(env);
  const log = root.child({ component: 'boot' });
  const provided = provideDatabase(env, root.child({ component: 'database' }));
  const booted = stopOnSignals(provided, (signal) => {
    log.info({ signal }, 'stopping before it was ready');
    return 0;
  });
  const database = await provided;
  try {
    const app = await createApp(env, database.uri, root);
    booted();
    endOnSignals(app, database, log);
    await listen(app, env);
    log.info({ url: await app.getUrl(), docs: `${urlFor(env)}/docs` }, 'ready');
  } catch (error) {
    await database.stop();
    throw error;
  }
}

function urlFor({ host, port }: Env): string {
  return `http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

/** @returns what went wrong at boot and what to do, in a sentence */
function sentenceFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `The port is in use (${error.message}). Stop what uses it, or set PORT.`;
  if (code === 'EACCES') return `The port may not be used (${error.message}). Set PORT to one above 1023.`;
  if (error.name === 'MongooseServerSelectionError') {
    return `The database cannot be reached (${error.message}). Is MONGODB_URI or MONGO_HOST right, and does it run?`;
  }
  return error.message;
}

main().catch((error: unknown) => {
  process.stderr.write(`pladmed: ${sentenceFor(error)}\n`);
  process.exit(1);
});
