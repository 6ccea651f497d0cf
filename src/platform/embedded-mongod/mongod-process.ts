import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabasePaths } from './database-paths.js';
import { lastLines, putAsideLongLog, readable } from './mongod-log.js';
import { explainOutput } from './mongod-version.js';

export const REPLICA_SET = 'pladmed';
export const LOOPBACK = '127.0.0.1';
/** mongod's exit code when it cannot listen on its port (EXIT_NET_ERROR). */
const EXIT_PORT_TAKEN = 48;

export interface MongodSettings {
  paths: DatabasePaths;
  /** WiredTiger's cache, in megabytes; mongod takes 256 at the least. */
  cacheSizeMb: number;
  /** The replication log, in megabytes: how far back a change stream can resume. */
  oplogSizeMb: number;
  /** Whether it listens on a Unix domain socket as well. */
  withSocket: boolean;
}

export interface MongodChild {
  pid: number;
  port: number;
  /** Settles when the process has ended, with why, as a sentence. */
  ended: Promise<string>;
  hasEnded(): boolean;
  endedForPort(): boolean;
  kill(signal: NodeJS.Signals): void;
}

/** The arguments of mongod; the data path is always the third, and how an orphan of ours is known. */
export function mongodArguments(settings: MongodSettings, port: number): string[] {
  const { paths, cacheSizeMb, oplogSizeMb, withSocket } = settings;
  return [
    ...['--replSet', REPLICA_SET, '--dbpath', paths.db],
    ...['--bind_ip', LOOPBACK, '--port', String(port)],
    ...(withSocket ? ['--unixSocketPrefix', paths.sockets] : ['--nounixsocket']),
    ...['--logpath', paths.log, '--logappend', '--quiet'],
    ...['--wiredTigerCacheSizeGB', String(cacheSizeMb / 1024), '--oplogSize', String(oplogSizeMb)],
    // No half-second bursts of disk writes for MongoDB's support engineers.
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    // A set of one has nobody to hand over to, so a stop does not wait for that.
    ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=0'],
  ];
}

/**
 * Starts mongod in a process group of its own: the terminal's Ctrl-C reaches the server alone, which drains first
 * and then stops its database.
 * @throws when the program cannot be started
 */
export async function spawnMongod(
  binary: string,
  settings: MongodSettings,
  port: number,
): Promise<MongodChild> {
  const { paths } = settings;
  await putAsideLongLog(paths.log);
  // A file, not a pipe: a pipe would break when the server is killed, and mongod with it.
  const output = await open(paths.output, 'w');
  const child = spawn(binary, mongodArguments(settings, port), {
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
  });
  await once(child, 'spawn').finally(() => output.close());
  return describeChild(child, port, paths);
}

function describeChild(child: ChildProcess, port: number, paths: DatabasePaths): MongodChild {
  const { pid } = child;
  if (pid === undefined) {
    throw new Error('mongod was started but has no process id.');
  }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ended = once(child, 'exit').then(() => explainEnd(child, paths));
  return {
    pid,
    port,
    ended,
    hasEnded,
    endedForPort: () => child.exitCode === EXIT_PORT_TAKEN,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

async function explainEnd(child: ChildProcess, paths: DatabasePaths): Promise<string> {
  const how = child.signalCode === null ? `with code ${String(child.exitCode)}` : `by ${child.signalCode}`;
  return `mongod ended ${how}.${await whatMongodSaid(paths)}`;
}

/** The end of mongod's log as text to append to a sentence; empty when it said nothing. */
export async function whatMongodSaid(paths: DatabasePaths): Promise<string> {
  const output = await lastLines(paths.output, 10);
  const missing = explainOutput(output.join('\n'));
  if (missing !== undefined) {
    return ` It cannot run: ${missing}.`;
  }
  const lines = await lastLines(paths.log, 60);
  const said = readable(lines.length > 0 ? lines : output);
  return said === '' ? '' : ` The end of its log (${paths.log}):\n${said}`;
}

/** Waits until something listens on the port, or `stop` is aborted. */
export async function untilListening(port: number, stop: AbortSignal): Promise<void> {
  while (!(await listens(port))) {
    await delay(10, undefined, { signal: stop });
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: LOOPBACK, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** `wanted` when nobody listens there, or else a port that the system gives. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await tryPort(wanted)) !== undefined) {
    return wanted;
  }
  const port = await tryPort(0);
  if (port === undefined) {
    throw new Error(`No free port on ${LOOPBACK} for the embedded database.`);
  }
  return port;
}

async function tryPort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(wanted, LOOPBACK);
    await listening;
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
