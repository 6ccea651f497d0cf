/**
 * The probe of Globalping, unmodified, against this server: `make globalping-test`. Two namespaces with addresses that look public,
 * one for the server and what is measured, one for the probe; what they send stays between them. Needs root, git, npm, and the
 * programs that the probe runs: unbuffer (expect), ping, mtr, traceroute, dig.
 *
 *   PROBE_DIR  a probe that is built already; else v0.50.2 is cloned and built in a temporary folder
 *   RUNS       of the periodic operation, 3 s apart (100)
 */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = new URL('../../', import.meta.url).pathname;
const REPOSITORY = 'https://github.com/jsdelivr/globalping-probe';
const TAG = 'v0.50.2';
const RUNS = Number(process.env.RUNS ?? 100);
const EVERY_S = 3;
const [SERVER, PROBE] = [`gp-server-${process.pid}`, `gp-probe-${process.pid}`];
const [SERVER_ADDRESS, PROBE_ADDRESS] = ['45.10.0.1', '45.10.0.2'];
const URL_OF_SERVER = `http://${SERVER_ADDRESS}:5000`;
const work = mkdtempSync(join(tmpdir(), 'pladmed-globalping-'));
const children = new Set();
let failures = 0;

function run(program, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

function check(what, isSo, seen) {
  console.log(`${isSo ? 'ok  ' : 'FAIL'} ${what}${isSo ? '' : `: ${JSON.stringify(seen)}`}`);
  if (!isSo) failures += 1;
}

async function until(what, condition, ms = 120_000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await new Promise((resolve) => {
      resolve(condition());
    }).catch(() => undefined);
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await delay(250);
  }
}

function begin(namespace, name, program, args, env, cwd = work) {
  const file = join(work, `${name}.log`);
  const child = spawn('ip', ['netns', 'exec', namespace, program, ...args], {
    env: { PATH: process.env.PATH, HOME: work, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => appendFileSync(file, text));
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

function makeNetwork() {
  for (const namespace of [SERVER, PROBE]) {
    run('ip', ['netns', 'add', namespace]);
    run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  }
  run('ip', ['-n', SERVER, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', PROBE]);
  for (const [namespace, address] of [
    [SERVER, SERVER_ADDRESS],
    [PROBE, PROBE_ADDRESS],
  ]) {
    run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'wire']);
    run('ip', ['-n', namespace, 'link', 'set', 'wire', 'up']);
  }
  run('ip', ['-n', PROBE, 'route', 'add', 'default', 'via', SERVER_ADDRESS]);
  mkdirSync(`/etc/netns/${PROBE}`, { recursive: true });
  writeFileSync(`/etc/netns/${PROBE}/resolv.conf`, `nameserver ${SERVER_ADDRESS}\n`);
}

function takeAway() {
  for (const child of children) child.kill('SIGKILL');
  for (const namespace of [SERVER, PROBE]) {
    const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout ?? '';
    for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    spawnSync('ip', ['netns', 'del', namespace]);
  }
  rmSync(`/etc/netns/${PROBE}`, { recursive: true, force: true });
  if (failures === 0) rmSync(work, { recursive: true, force: true });
  else console.log(`logs: ${work}`);
}

function buildProbe() {
  if (process.env.PROBE_DIR) return process.env.PROBE_DIR;
  const folder = join(work, 'probe');
  run('git', ['clone', '-q', '--depth', '1', '--branch', TAG, REPOSITORY, folder]);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
  run('npm', ['run', 'build'], { cwd: folder });
  return folder;
}

/** A request from the server's namespace. */
function call(method, path, body, token) {
  const args = [
    'netns',
    'exec',
    SERVER,
    'curl',
    '--noproxy',
    '*',
    '-s',
    '-m',
    '20',
    '-X',
    method,
    `${URL_OF_SERVER}${path}`,
  ];
  if (token !== undefined) args.push('-H', `Authorization: Bearer ${token}`);
  if (body !== undefined) args.push('-H', 'Content-Type: application/json', '-d', JSON.stringify(body));
  return JSON.parse(run('ip', args));
}

const SETTINGS = {
  HOST: '0.0.0.0',
  PORT: '5000',
  DATA_DIR: join(work, 'data'),
  SECRET_KEY: 'of the scenario of Globalping',
  PASSWORD_COST: '4',
  CACHE_DIR: process.env.CACHE_DIR ?? join(homedir(), '.cache/pladmed'),
};
let starts = 0;

async function startServer() {
  starts += 1;
  begin(SERVER, `server-${starts}`, process.execPath, [join(ROOT, 'dist/main.js')], {
    ...SETTINGS,
    ...(process.env.MONGOD_BINARY && { MONGOD_BINARY: process.env.MONGOD_BINARY }),
  });
  await until('the server is ready', () => call('GET', '/health/ready').status === 'ok' || undefined);
}

/** SIGKILL of everything of the server but its database's files. */
async function killServer() {
  const pid = run('ip', ['netns', 'pids', SERVER])
    .split('\n')
    .filter(Boolean)
    .find((each) =>
      spawnSync('ps', ['-o', 'args=', '-p', each], { encoding: 'utf8' }).stdout.includes('dist/main.js'),
    );
  process.kill(Number(pid), 'SIGKILL');
  await delay(1000);
}

async function scenario() {
  const folder = buildProbe();
  makeNetwork();
  begin(SERVER, 'names', process.execPath, [
    '--input-type=module',
    '-e',
    `import { nameServer } from '${join(ROOT, 'test/globalping/name-server.mjs')}'; await nameServer('${SERVER_ADDRESS}')`,
  ]);
  begin(SERVER, 'site', process.execPath, [
    '-e',
    `require('node:http').createServer((_q, a) => a.end('hello')).listen(80, '${SERVER_ADDRESS}')`,
  ]);
  await startServer();
  const person = { email: 'ada@example.org', password: 'Correct-Horse-7' };
  const superuser = [join(ROOT, 'dist/cli/superuser.js'), 'create', 'root@example.org', person.password];
  run('ip', ['netns', 'exec', SERVER, process.execPath, ...superuser], {
    env: { ...process.env, ...SETTINGS },
  });
  const { id: user } = call('POST', '/api/v1/auth/register', person);
  const token = call('POST', '/api/v1/auth/login', person).access_token;
  const root = call('POST', '/api/v1/auth/login', { ...person, email: 'root@example.org' }).access_token;
  call('POST', `/api/v1/users/${user}/credits`, { credits: 100_000 }, root);
  const probe = call('POST', '/api/v1/probes', { location: { longitude: 1, latitude: 2 } }, token);
  begin(
    PROBE,
    'probe',
    process.execPath,
    [join(folder, 'dist/index.js')],
    {
      NODE_ENV: 'production',
      NODE_CONFIG_DIR: join(folder, 'config'),
      API_HOST: URL_OF_SERVER.replace('http', 'ws'),
      API_HTTP_HOST: `${URL_OF_SERVER}/v1`,
      STATUS_ICMP_TCP_TARGETS: '[]',
      UPDATE_INTERVAL: '2000000',
      UPDATE_MAX_DEVIATION: '0',
      GP_ADOPTION_TOKEN: probe.token,
    },
    folder,
  );
  const status = () => call('GET', `/api/v1/probes/${probe.id}`, undefined, token).connection?.status;
  await until('the probe is ready', () => status() === 'ready');
  check('the probe is ready', true);

  const create = (kind, params, schedule = { type: 'once' }) =>
    call('POST', '/api/v1/operations', { kind, params, schedule, probes: [probe.id] }, token);
  const results = (id) =>
    call('GET', `/api/v1/operations/${id}/results?view=json&limit=200`, undefined, token).items;
  const first = async (kind, params) => {
    const { id } = create(kind, params);
    return until(`a result of ${kind}`, () => results(id)?.[0]);
  };

  const ping = await first('ping', { fqdns: ['target.example'], probecount: 3 });
  const [pinged] = ping.summary ?? [{}];
  check('ping', pinged.dst === SERVER_ADDRESS && pinged.received === 3 && pinged.loss === 0, ping);
  const { stats } = ping.decoded[0].result;
  check(
    'its summary equals its output',
    pinged.rtt_min_ms === stats.min && pinged.rtt_max_ms === stats.max,
    ping,
  );
  const trace = await first('traceroute', { ips: [SERVER_ADDRESS], method: 'icmp-paris' });
  check('traceroute', trace.summary?.[0]?.reached === true && trace.summary[0].hop_count === 1, trace);
  const dns = await first('dns', { fqdns: ['target.example'], resolver: SERVER_ADDRESS });
  check('dns', dns.summary?.[0]?.rcode === 'NOERROR' && dns.summary[0].answers === 1, dns);
  const mtr = await first('mtr', { fqdns: ['target.example'], packets: 3 });
  check('mtr', mtr.summary?.[0]?.reached === true && mtr.summary[0].hops[0]?.sent === 3, mtr);
  const http = await first('http', { urls: ['http://target.example/a?b=c'] });
  check(
    'http',
    http.summary?.[0]?.status === 200 && http.summary[0].url === 'http://target.example/a?b=c',
    http,
  );
  const refused = await first('http', { urls: ['http://target.example:81/'] });
  check(
    'a refused connection is a finding',
    refused.outcome === 'stored' && refused.summary[0].error !== null,
    refused,
  );
  for (const [kind, params] of [
    ['ping', { fqdns: ['private.example'] }],
    ['traceroute', { fqdns: ['private.example'] }],
    ['mtr', { fqdns: ['private.example'] }],
    ['http', { urls: ['http://private.example/'] }],
  ]) {
    const result = await first(kind, params);
    check(`${kind} of a private target is refused`, result.failure?.reason === 'refused', result);
    check('and nothing of it is shown', !JSON.stringify(result).includes('10.1.2.3'), result);
  }
  const unknown = await first('ping', { fqdns: ['nowhere.example'] });
  check('an unknown name is unresolved', unknown.failure?.reason === 'unresolved', unknown);

  const stop = new Date(Date.now() + RUNS * EVERY_S * 1000).toISOString();
  const periodic = create('ping', { ips: [SERVER_ADDRESS] }, { type: 'interval', every_s: EVERY_S, stop });
  for (const part of [1 / 3, 2 / 3]) {
    await until('runs', () => results(periodic.id).length >= RUNS * part * 0.8, 600_000);
    // in the midst of a run
    await delay(500);
    await killServer();
    await startServer();
    await until('the probe is back', () => status() === 'ready');
  }
  await delay(Math.max(0, Date.parse(stop) - Date.now()));
  const coverage = await until('each run has its fate', () => {
    const found = call('GET', `/api/v1/operations/${periodic.id}/coverage`, undefined, token);
    return found.due === periodic.runs_per_probe && found.fates.awaited === 0 && found;
  });
  const { received, failed, not_connected } = coverage.fates;
  console.log(`     ${periodic.runs_per_probe} runs: ${JSON.stringify(coverage.fates)}`);
  check(
    'each run has one fate',
    received + failed + not_connected === periodic.runs_per_probe,
    coverage.fates,
  );
  const stored = [];
  for (let next = `/api/v1/operations/${periodic.id}/results?limit=100`; next;) {
    const page = call('GET', next, undefined, token);
    stored.push(...page.items.filter(({ outcome }) => outcome === 'stored'));
    next =
      page.next &&
      `/api/v1/operations/${periodic.id}/results?limit=100&cursor=${encodeURIComponent(page.next)}`;
  }
  check('each is stored once', new Set(stored.map(({ scheduled_at }) => scheduled_at)).size === received, {
    stored: stored.length,
    received,
  });
  const logs = spawnSync('grep', ['-rlF', probe.token, work, '--include=server-*.log'], {
    encoding: 'utf8',
  }).stdout;
  check('the token is in no log', logs === '', logs);
}

process.on('SIGINT', () => {
  takeAway();
  process.exit(1);
});
try {
  await scenario();
} catch (error) {
  failures += 1;
  console.error(error);
} finally {
  takeAway();
}
process.exit(failures === 0 ? 0 : 1);
