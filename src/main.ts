import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { setUp } from './app.setup.js';
import { provideDatabase } from './common/database/provide-database.js';
import { createLogger, PinoLoggerService } from './common/logging/logger.js';
import { EnvironmentError, type Env } from './config/env.js';
import { readEnv } from './config/read-env.js';
import { endOnSignals } from './shutdown.js';

/** Boot: environment, database, application, port. What goes wrong here is said in one sentence, and the exit code is 1. */
async function main(): Promise<void> {
  const env = readEnv();
  const root = createLogger(env);
  const log = root.child({ component: 'boot' });
  const database = await provideDatabase(env, root.child({ component: 'database' }));
  try {
    const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(env, database.uri), {
      bodyParser: false,
      logger: new PinoLoggerService(root),
      abortOnError: false,
    });
    await setUp(app, env, root);
    endOnSignals(app, database, log);
    await app.listen(env.port, env.host);
    log.info({ url: await app.getUrl(), docs: `${urlFor(env)}/docs` }, 'ready');
  } catch (error) {
    await database.stop();
    throw error;
  }
}

function urlFor({ host, port }: Env): string {
  return `http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

main().catch((error: unknown) => {
  const known = error instanceof EnvironmentError || (error instanceof Error && error.name.endsWith('Error'));
  const sentence = known ? (error as Error).message : String(error);
  process.stderr.write(`pladmed: ${sentence}\n`);
  process.exit(1);
});
