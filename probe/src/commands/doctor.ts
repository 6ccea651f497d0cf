import { measureOffset } from '@pladmed/sntp';
import { lookup } from 'node:dns/promises';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Manager } from 'socket.io-client';
import { systemClock } from '../clock/clock.js';
import type { Settings } from '../config/config.js';
import { splitServer } from '../connection/connection.js';
import { messageOf } from '../errors.js';
import { pingCommand, pingParams } from '../kinds/ping/ping.params.js';
import { describeOffset } from './status.js';
import { scamperArguments } from '../kinds/scamper.js';
import { runProcess } from '../runs/process.js';

export interface Finding {
  check: string;
  ok: boolean;
  /** True when measuring works without it. */
  optional: boolean;
  detail: string;
}

const TIMEOUT_MS = 10_000;
const FREE_BYTES = 64 * 1024 * 1024;
const GOOD_OFFSET_MS = 1_000;

/** Looks at everything that a probe needs, and says what to do about what is missing. */
export async function examine(settings: Settings): Promise<Finding[]> {
  const checks: [string, boolean, () => Promise<string>][] = [
    ['server name', false, () => serverName(settings)],
    ['server and TLS', false, () => serverAnswers(settings)],
    ['websocket', false, () => websocket(settings)],
    ['time', true, () => time(settings)],
    ['disk', false, () => disk(settings)],
    ['scamper', false, () => scamperRuns(settings)],
    ['raw sockets', false, () => rawSockets(settings)],
    ['IPv4', true, () => Promise.resolve(address('IPv4'))],
    ['IPv6', true, () => Promise.resolve(address('IPv6'))],
  ];
  const findings: Finding[] = [];
  for (const [check, optional, look] of checks) {
    try {
      findings.push({ check, optional, ok: true, detail: await look() });
    } catch (error) {
      findings.push({ check, optional, ok: false, detail: messageOf(error) });
    }
  }
  return findings;
}

async function serverName({ server }: Settings): Promise<string> {
  const { hostname } = new URL(server);
  const { address: found } = await lookup(hostname.replace(/^\[|\]$/g, '')).catch(() => {
    throw new Error(`${hostname} has no address: correct --server, or the DNS of this host`);
  });
  return `${hostname} is ${found}`;
}

async function serverAnswers({ server }: Settings): Promise<string> {
  const url = new URL(server.replace(/^ws/, 'http'));
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/health/live`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' }).catch(
    (error: unknown) => {
      const cause =
        error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
      throw new Error(
        `${url.origin} does not answer (${cause}): a firewall, a wrong port, or a certificate (NODE_EXTRA_CA_CERTS)`,
      );
    },
  );
  if (!answer.ok) throw new Error(`${url.href} answers ${answer.status}: is that a Pladmed server?`);
  return `${url.origin} answers`;
}

function websocket({ server }: Settings): Promise<string> {
  const { origin, path } = splitServer(server);
  const manager = new Manager(origin, {
    path,
    transports: ['websocket'],
    reconnection: false,
    timeout: TIMEOUT_MS,
    autoConnect: false,
  });
  return new Promise((resolve, reject) => {
    manager.open((error) => {
      manager.engine.close();
      if (error === undefined) resolve('a websocket opens');
      else
        reject(
          new Error(`no websocket (${error.message}): a proxy between here and the server must pass it on`),
        );
    });
  });
}

async function time(settings: Settings): Promise<string> {
  const server = { host: settings.ntpServer, port: settings.ntpPort };
  const { offset, error } = await measureOffset(systemClock(), server).catch((problem: unknown) => {
    throw new Error(`${messageOf(problem)}: the clock is compared over the socket; open UDP 123 for better`);
  });
  const text = `this clock is ${describeOffset(offset)}, ± ${Math.ceil(error)} ms`;
  if (Math.abs(offset) > GOOD_OFFSET_MS) throw new Error(`${text}: let chrony or systemd-timesyncd set it`);
  return text;
}

async function disk({ dataDir }: Settings): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dataDir, 'doctor-')).catch(() => {
    throw new Error(`${dataDir} cannot be written: choose another --data-dir, or change its owner`);
  });
  await rm(folder, { recursive: true });
  const { bavail, bsize } = await statfs(dataDir);
  const text = `${Math.floor((bavail * bsize) / 1024 / 1024)} MiB free in ${dataDir}`;
  if (bavail * bsize < FREE_BYTES) throw new Error(`${text}: results will not fit for long`);
  return text;
}

async function scamperRuns({ scamper }: Settings): Promise<string> {
  const result = await runProcess({
    program: scamper,
    args: ['-v'],
    cwd: '/',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new Error(`${scamper} is not there: apt-get install scamper, or --scamper PATH`);
  });
  if (result.code !== 0 && result.stderr === '')
    throw new Error(`${scamper} -v ends with code ${result.code ?? '?'}`);
  return `${scamper} is there`;
}

async function rawSockets(settings: Settings): Promise<string> {
  const folder = await mkdtemp(join(settings.dataDir, 'doctor-'));
  try {
    const command = pingCommand(pingParams.parse({ probecount: 1 }));
    const args = scamperArguments(command, ['127.0.0.1'], {
      output: join(folder, 'warts'),
      packetsPerSecond: 20,
    });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { code, stderr } = await runProcess({ program: settings.scamper, args, cwd: folder, signal });
    if (code === 0 && stderr === '') return 'scamper may send';
    throw new Error(
      `scamper may not send (${stderr.trim()}): it must be setuid root, or this program be root`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function address(family: 'IPv4' | 'IPv6'): string {
  const found = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find((each) => each.family === family && !each.internal && !each.address.startsWith('fe80:'));
  if (found === undefined)
    throw new Error(`this host has no ${family} address: such targets will not answer`);
  return found.address;
}
