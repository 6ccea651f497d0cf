import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { io } from 'socket.io-client';
import { readDemoSettings } from '../config/demo-settings.js';
import { readEnv } from '../config/read-env.js';
import { within } from '../platform/batching/within.js';
import { Children, runCommand } from './children.js';
import { startNameServer } from './name-server.js';

/*
 * make demo: a server with its own database, a probe beside it, and three measurements. The targets are this machine's own
 * (127.0.0.1, and a name server that the demo runs), so that it works without a network and sends nobody packets;
 * DEMO_TARGET names another one.
 */

const EMAIL = 'demo@example.org';
const SUPERUSER = 'superuser@example.org';
const ZONE = 'demo.pladmed.test';
const CREDITS = 1000;
const BOOT_MS = 240_000;
const RESULTS_MS = 60_000;
/** The ping that goes on. */
const EVERY_S = 10;
const GOING_ON_MS = 2 * 3_600_000;

interface Accounts {
  password: string;
  superuserPassword: string;
}

interface ResultEvent {
  operation_id: string;
  outcome: 'stored' | 'failed';
  summary?: Record<string, unknown>[];
  failure?: { reason: string; detail: string };
}

type Api = <T>(method: string, path: string, body?: object) => Promise<T>;

const settings = readDemoSettings();
const env = readEnv();
const url = `http://127.0.0.1:${env.port}`;
const accountsFile = join(env.dataDir, 'demo.json');
const children = new Children(say, (name, code) => {
  say(`The ${name} ended (${String(code)}); so does the demo.`);
  void end(1);
});

async function main(): Promise<void> {
  say(`Starting the server; its data is in ${env.dataDir}`);
  const serverLog = children.start('server', 'dist/main.js', [], settings.serverEnvironment);
  await within(
    BOOT_MS,
    `waited ${BOOT_MS / 1000} s for the server to be ready`,
    new Promise<void>((ready) => {
      serverLog(({ msg }) => {
        if (msg === 'ready') ready();
      });
    }),
  );
  say(`Ready at ${url}`);
  const token = await openAccounts();
  const api = caller(token);

  say('Starting a probe on this machine');
  const probe = await api<{ id: string; token: string }>('POST', '/api/v1/probes', {
    location: { longitude: -58.3816, latitude: -34.6037 },
    name: 'demo',
  });
  const live = io(`${url}/live`, { auth: { token }, transports: ['websocket'] });
  await live.emitWithAck('subscribe', { probe: probe.id });
  const connected = new Promise<void>((resolve) => {
    live.on('probe', (event: { connected: boolean }) => {
      if (event.connected) resolve();
    });
  });
  children.start('probe', 'probe/dist/cli.js', ['run'], {
    ...settings.probeEnvironment,
    PLADMED_SERVER: url,
    PLADMED_TOKEN: probe.token,
    PLADMED_DATA_DIR: join(env.dataDir, 'demo-probe', probe.id),
    PLADMED_ALLOW: '127.0.0.0/8',
  });
  await within(RESULTS_MS, `waited ${RESULTS_MS / 1000} s for the probe to connect`, connected);

  const kinds = new Map<string, string>();
  const results = new Promise<void>((resolve) => {
    const came = new Set<string>();
    live.on('result', (result: ResultEvent) => {
      const kind = kinds.get(result.operation_id);
      if (kind === undefined) return;
      say(`  ${kind.padEnd(10)} ${sentenceOf(result)}`);
      if (result.outcome === 'stored') came.add(kind);
      if (came.size === 3) resolve();
    });
  });
  say('Measuring: a ping, a traceroute and a DNS lookup');
  for (const [kind, params] of Object.entries(await measurements())) {
    const request = { kind, params, schedule: { type: 'once' }, probes: [probe.id] };
    const { id } = await api<{ id: string }>('POST', '/api/v1/operations', request);
    kinds.set(id, kind);
  }
  await within(RESULTS_MS, `waited ${RESULTS_MS / 1000} s for three results`, results);
  live.close();
  if (settings.exit) {
    say('All three are stored.');
    await end(0);
    return;
  }
  const going = await goOn(api, probe.id);
  say(`All three are stored. The server and a ping every 10 s go on; Ctrl-C ends them.
  dashboard   ${url}/app/operations/${going}
  explorer    ${url}/docs
  metrics     ${url}/metrics
  account     ${EMAIL}, password in ${accountsFile}`);
}

/** A measurement that runs on, so that there is something to see. @returns its id */
async function goOn(api: Api, probe: string): Promise<string> {
  const target = settings.target === undefined ? { ips: ['127.0.0.1'] } : { fqdns: [settings.target] };
  const { id } = await api<{ id: string }>('POST', '/api/v1/operations', {
    kind: 'ping',
    params: target,
    schedule: { type: 'interval', every_s: EVERY_S, stop: new Date(Date.now() + GOING_ON_MS).toISOString() },
    probes: [probe],
  });
  return id;
}

async function measurements(): Promise<Record<string, object>> {
  const target = settings.target === undefined ? { ips: ['127.0.0.1'] } : { fqdns: [settings.target] };
  const port = await startNameServer(ZONE);
  return {
    ping: { ...target, probecount: 3 },
    traceroute: target,
    dns: { fqdns: [ZONE], type: 'a', resolver: '127.0.0.1', resolver_port: port },
  };
}

/** A demo user with credits, made by a superuser; both are there already at the second demo. @returns the user's token */
async function openAccounts(): Promise<string> {
  const { password, superuserPassword } = keptAccounts();
  await runCommand(
    'dist/cli/superuser.js',
    ['create', SUPERUSER],
    settings.serverEnvironment,
    superuserPassword,
  );
  const anonymous = caller();
  const credentials = { email: EMAIL, password };
  await anonymous('POST', '/api/v1/auth/register', credentials).catch((error: unknown) => {
    if (!String(error).includes('already registered')) throw error;
  });
  const { access_token } = await anonymous<{ access_token: string }>(
    'POST',
    '/api/v1/auth/login',
    credentials,
  );
  const superuser = await anonymous<{ access_token: string }>('POST', '/api/v1/auth/login', {
    email: SUPERUSER,
    password: superuserPassword,
  });
  const me = await caller(access_token)<{ id: string; credits: number }>('GET', '/api/v1/users/me');
  if (me.credits < CREDITS) {
    await caller(superuser.access_token)('POST', `/api/v1/users/${me.id}/credits`, { credits: CREDITS });
  }
  return access_token;
}

function keptAccounts(): Accounts {
  if (existsSync(accountsFile)) return JSON.parse(readFileSync(accountsFile, 'utf8')) as Accounts;
  const password = () => `Demo-1-${randomBytes(12).toString('hex')}`;
  const accounts = { password: password(), superuserPassword: password() };
  mkdirSync(dirname(accountsFile), { recursive: true });
  writeFileSync(accountsFile, JSON.stringify(accounts), { mode: 0o600 });
  return accounts;
}

function caller(token?: string): Api {
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    };
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { detail?: string };
    if (!response.ok) throw new Error(`${method} ${path}: ${answer.detail ?? String(response.status)}`);
    return answer;
  };
}

function sentenceOf({ outcome, summary, failure }: ResultEvent): string {
  if (outcome === 'failed') return `failed: ${failure?.reason ?? ''} ${failure?.detail ?? ''}`;
  return (summary ?? []).map((each) => figures(each)).join('; ') || 'stored';
}

function figures(summary: Record<string, unknown>): string {
  const of = (name: string) => String(summary[name]);
  if (summary['type'] === 'ping') {
    return `${of('dst')}: ${of('received')} of ${of('sent')} answered, rtt ${of('rtt_min_ms')}/${of('rtt_avg_ms')}/${of('rtt_max_ms')} ms`;
  }
  if (summary['type'] === 'trace') {
    return `${of('dst')}: ${summary['reached'] === true ? 'reached' : 'not reached'} in ${of('hop_count')} hops, rtt ${of('rtt_ms')} ms`;
  }
  return `${of('name')} ${of('qtype')}: ${of('rcode')}, ${of('answers')} answers in ${of('rtt_ms')} ms`;
}

async function end(code: number): Promise<void> {
  await children.stopAll();
  process.exit(code);
}

function say(line: string): void {
  console.log(line);
}

process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));
main().catch((error: unknown) => {
  say(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  void end(1);
});
