import { type INestApplication } from '@nestjs/common';
import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Logger } from 'pino';
import { type ProvidedDatabase } from './platform/embedded-mongod/provide-database.js';
import { HandshakePacing } from './platform/sockets/handshake-pacing.js';
import { ConnectedProbes, ProbeConnectionsService } from './core/presence/index.js';
import { IngestService } from './core/ingest/index.js';

/** After this what still hangs on is cut off; the whole shutdown takes less than 10 s. */
const PATIENCE_MS = 4000;
/** What is not drained by then (a database that hangs) is left: probes keep what was not acknowledged. */
const DRAIN_MS = 5500;
const WAY_OUT_MS = 8500;
const PROBES_COME_BACK_AFTER_MS = 2000;

/**
 * SIGTERM and SIGINT drain: no new results, those in flight become durable and are acknowledged, probes are asked to come
 * back, connections end, the database is closed, exit 0. A second signal ends at once. A database that dies under us: exit 1.
 */
export function endOnSignals(app: INestApplication, database: ProvidedDatabase, log: Logger): void {
  const sockets = openSockets(app.getHttpServer() as Server);
  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    if (ending) process.exit(1);
    ending = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error('the shutdown took too long: ending at once, the next start recovers');
      process.exit(1);
    }, WAY_OUT_MS);
    shutDown(() => drain(app, sockets), database, log).then(
      (exitCode) => {
        log.info('stopped');
        process.exit(exitCode);
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopped with an error');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // a promise that nobody looked after is a mistake of ours, but no reason to leave everybody else alone
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'a rejection was not handled');
  });
  database.onUnexpectedExit((why) => {
    if (ending) return;
    log.fatal({ why }, 'the embedded database is gone; ending, the next start recovers it');
    process.exit(1);
  });
}

/**
 * The database is stopped also when the rest fails or hangs.
 * @returns the exit code: 0 when everything was drained
 */
export async function shutDown(
  end: () => Promise<void>,
  database: Pick<ProvidedDatabase, 'stop'>,
  log: Pick<Logger, 'error'>,
  limitMs = DRAIN_MS,
): Promise<0 | 1> {
  const given = new AbortController();
  const late = delay(limitMs, undefined, { signal: given.signal }).then(() => {
    throw new Error(`not drained within ${limitMs} ms; does the database answer?`);
  });
  let exitCode: 0 | 1 = 0;
  try {
    await Promise.race([end(), late]);
  } catch (error) {
    log.error({ err: error }, 'something was not drained; probes keep what was not acknowledged');
    exitCode = 1;
  }
  late.catch(() => undefined);
  given.abort();
  await database.stop();
  return exitCode;
}

/** All that are open, from now on. The HTTP server itself forgets a connection that became a websocket. */
export function openSockets(http: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  http.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/**
 * Ends the application in the order in which nothing is lost.
 * @param sockets all that are open: one whose client does not answer a good-bye (its network is gone) is cut off
 */
export async function drain(app: INestApplication, sockets: ReadonlySet<Socket>): Promise<void> {
  app.get(ProbeConnectionsService).refuseNew();
  app.get(HandshakePacing).clear();
  const connected = app.get(ConnectedProbes);
  for (const link of connected.all()) link.askToReconnect(PROBES_COME_BACK_AFTER_MS);
  await app.get(IngestService).drain();
  // first in the database, so that each session says why it ended
  await app.get(ProbeConnectionsService).endAll();
  connected.closeAll();
  const http = app.getHttpServer() as Server;
  const cutOff = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, PATIENCE_MS);
  // a connection that has just had its last answer would be kept alive for a next request
  const idle = setInterval(() => {
    http.closeIdleConnections();
  }, 100);
  await app.close();
  clearInterval(idle);
  clearTimeout(cutOff);
}
