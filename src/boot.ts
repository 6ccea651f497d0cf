import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type Server } from 'node:http';
import { type Logger } from 'pino';
import { AppModule } from './app.module.js';
import { setUp } from './app.setup.js';
import { PinoLoggerService } from './platform/logging/logger.js';
import { type Env } from './config/env.js';

/** Linux takes net.core.somaxconn if that is less. */
const LISTEN_BACKLOG = 16_384;
/**
 * For how long a connection waits for its next request. Longer than proxies and clients keep one (nginx and most load balancers: a
 * minute), so that they end it: one that we end can meet a request on its way, and the caller sees a connection that broke.
 */
const KEEP_ALIVE_MS = 75_000;

/**
 * The application on a database that is there, before it listens.
 * @param root gets all that it logs
 * @throws UnusableDatabaseError, and what its parts throw
 */
export async function createApp(
  env: Env,
  databaseUri: string,
  root: Logger,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(env, databaseUri), {
    bodyParser: false,
    logger: new PinoLoggerService(root),
    abortOnError: false,
  });
  await setUp(app, env, root);
  return app;
}

/** Node lets 511 connections wait to be accepted: thousands of probes that come back at once would have to knock again. */
export async function listen(app: NestExpressApplication, { port, host }: Env): Promise<void> {
  const http: Server = app.getHttpServer();
  http.keepAliveTimeout = KEEP_ALIVE_MS;
  // Nest hands its arguments on to node's server, and has no type for this one
  const server = app as unknown as {
    listen: (port: number, host: string, backlog: number) => Promise<unknown>;
  };
  await server.listen(port, host, LISTEN_BACKLOG);
}
