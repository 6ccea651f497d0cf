import { measureOffset } from '@pladmed/sntp';
import { lookup } from 'node:dns/promises';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Manager } from 'socket.io-client';
import { systemClock } from '../clock/clock.js';
import type { Settings } from '../config/config.js';
import { splitServer } from '../connection/connection.js';
import { errorCode, isNoRoom, messageOf } from '../platform/errors.js';
import { pingCommand, pingParams } from '../kinds/ping/ping.params.js';
import { describeOffset } from './status.js';
import { scamperArguments, versionIn } from '../measuring/scamper.js';
import { runProcess } from '../programs/process.js';
import { adviceForSending, privilegesHere, rightOf } from './raw.sockets.js';

export interface Finding {
  check: string;
  ok: boolean;
  /** True when measuring works without it. */
  optional: boolean;
  detail: string;
}

const TIMEOUT_MS = 10_000;
const MIB = 1024 * 1024;
const FREE_BYTES = 64 * MIB;
const ROOM = 'results will not fit for long: make room, or choose another --data-dir';
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
      // What fetch says itself is only that it failed.
      const { cause = error } = error as { cause?: unknown };
      throw new Error(`${url.origin} does not answer (${messageOf(cause)}): ${adviceForConnection(cause)}`);
    },
  );
  if (answer.status >= 300 && answer.status < 400)
    throw new Error(
      `${url.href} leads on to ${answer.headers.get('location') ?? '?'}: give --server the address that it leads to`,
    );
  if (!answer.ok)
    throw new Error(
      `${url.href} answers ${answer.status}: no Pladmed server is there; correct --server (its path, too), or start the server`,
    );
  return `${url.origin} answers`;
}

const WRONG_TIME = ['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'];
const UNKNOWN_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** What to do about a connection that does not come about. */
export function adviceForConnection(cause: unknown): string {
  const code = errorCode(cause) ?? '';
  if (code === 'ECONNREFUSED')
    return 'nothing listens there: correct the port of --server, or start the server';
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH')
    return 'no way leads there: look at the routes of this host, and at its firewall';
  if (WRONG_TIME.includes(code)) return 'its certificate has run out, or the clock of this host is wrong';
  if (UNKNOWN_AUTHORITY.includes(code))
    return 'this host does not know its authority: name the file of it in NODE_EXTRA_CA_CERTS';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'its certificate is for another name: give --server the name that it is for';
  if (code.startsWith('ERR_SSL') || code === 'EPROTO')
    return 'what listens there speaks no TLS: http:// instead of https://, or another port';
  return 'a firewall in between may drop what is sent there, or the port of --server is wrong';
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
          new Error(
            `no websocket (${error.message}): a proxy between here and the server must pass it on (Upgrade: websocket)`,
          ),
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

async function disk({ dataDir, storeMib }: Settings): Promise<string> {
  const change = 'choose another --data-dir, or change its owner to the user of the probe';
  const folder = await mkdir(dataDir, { recursive: true, mode: 0o700 })
    .then(() => mkdtemp(join(dataDir, 'doctor-')))
    .catch((error: unknown) => {
      const what = isNoRoom(error)
        ? `is full: ${ROOM}`
        : `cannot be written (${errorCode(error) ?? '?'}): ${change}`;
      throw new Error(`${dataDir} ${what}`);
    });
  await rm(folder, { recursive: true });
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const text = `${Math.floor(free / MIB)} MiB free in ${dataDir}`;
  if (free < FREE_BYTES) throw new Error(`${text}: ${ROOM}`);
  const isLess = free < storeMib * MIB;
  return isLess ? `${text}, less than the ${storeMib} MiB that results may take (--store-mib)` : text;
}

async function scamperRuns({ scamper }: Settings): Promise<string> {
  const result = await runProcess({
    program: scamper,
    args: ['-v'],
    cwd: '/',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    keepsOutput: true,
  }).catch(async (error: unknown) => {
    throw new Error(await adviceForStarting(scamper, messageOf(error)));
  });
  if (result.code !== 0 && result.stderr === '')
    throw new Error(
      `${scamper} -v ends ${result.code === null ? `by ${result.signal ?? '?'}` : `with code ${result.code}`}: is that scamper? apt-get install scamper, or --scamper PATH`,
    );
  const version = versionIn(result.stdout + result.stderr);
  return `${scamper} is there${version === null ? '' : `, version ${version}`}`;
}

/** What to do when scamper does not even begin. */
async function adviceForStarting(scamper: string, problem: string): Promise<string> {
  const here = await privilegesHere(scamper);
  if (here.scamper === null) return `${scamper} is not there: apt-get install scamper, or --scamper PATH`;
  if (!here.scamper.isExecutable)
    return `${here.scamper.path} may not be run by this user: chmod a+x ${here.scamper.path}, or run the probe as the user or group that may`;
  // The file has a capability that this process can never get.
  if (!here.mayGetNetRaw) return `${problem}: ${adviceForSending(here)}`;
  return `${problem}: reinstall scamper, or --scamper PATH`;
}

async function rawSockets({ scamper }: Settings): Promise<string> {
  const here = await privilegesHere(scamper);
  const folder = await mkdtemp(join(tmpdir(), 'pladmed-doctor-')).catch((error: unknown) => {
    throw new Error(
      `${tmpdir()} cannot be written (${messageOf(error)}): it was not tried; name another in TMPDIR`,
    );
  });
  try {
    const command = pingCommand(pingParams.parse({ ips: ['127.0.0.1'], probecount: 1 }));
    const args = scamperArguments(command, [{ userid: 1, address: '127.0.0.1' }], {
      output: join(folder, 'warts'),
      packetsPerSecond: 20,
    });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { code, stderr } = await runProcess({ program: scamper, args, cwd: folder, signal }).catch(
      async (error: unknown) => {
        throw new Error(await adviceForStarting(scamper, messageOf(error)));
      },
    );
    if (code === 0 && stderr === '') return `scamper may send (${rightOf(here)})`;
    const said = stderr.trim() === '' ? `code ${code ?? '?'}` : stderr.trim();
    throw new Error(`scamper may not send (${said}): ${adviceForOutput(stderr) ?? adviceForSending(here)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What scamper itself names as missing. */
export function adviceForOutput(stderr: string): string | null {
  const folder = /could not chroot to (\S+): No such file/.exec(stderr)?.[1];
  return folder === undefined ? null : `it wants that folder, empty: install -d -m 0555 ${folder}`;
}

function address(family: 'IPv4' | 'IPv6'): string {
  const found = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find((each) => each.family === family && !each.internal && !each.address.startsWith('fe80:'));
  if (found === undefined)
    throw new Error(
      `this host has no ${family} address: targets of that family will not answer; a container gets one from its network`,
    );
  return found.address;
}
