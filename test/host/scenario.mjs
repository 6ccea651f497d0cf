// A probe on a fresh Debian, from outside: joined, run, killed, cut off, its disk filled, its clock put wrong. After each the account:
// every run that was due has one fate, and none is unexplained. run.sh prepares the system and takes everything away.
//
// This process and the server are in one network namespace (192.31.196.1), the probe in another (192.31.196.2): addresses of AS112
// (RFC 7534), public by every rule and nobody's host, so that the default policy is in force.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { HOST_TEST_ROOT: root, HOST_TEST_WORK: work } = process.env;
const repository = new URL('../../', import.meta.url).pathname;
const HOME = '192.31.196.1';
const PROBE = '192.31.196.2';
const PORT = 5000;
const NAME = 'server.host.test';
const base = `http://127.0.0.1:${PORT}`;
const DATA = '/home/host/.local/state/pladmed-probe';
const DISK = '96m';
const MOST_RESIDENT_KIB = 100 * 1024;
const PATIENCE_MS = 90_000;
const started = Date.now();
let token;

async function scenario() {
  await step('two hosts, a name server, a time server', network);
  await step('the server', startServer);
  const world = await step('a user and a probe', register);
  await step('join: one command, and the token is for its owner alone', join);
  await step('doctor finds nothing wrong', doctor);
  world.probe = await step('run: connected', () => startProbe());
  await step('every kind of measurement arrives', () => everyKind(world));
  await step('status, for people and for programs', () => checkStatus(world));
  await step('kill -9, several times', () => killed(world));
  await step('block: the link is down, and comes up', () => blocked(world, link('down'), link('up')));
  await step("block: the server's port is shut, and opens", () => blocked(world, port('add'), port('del')));
  await step('fill: the disk is full, the probe is killed, and there is room again', () => filled(world));
  for (const seconds of [90, -90])
    await step(`skew: the clock is ${seconds} s off`, () => skewed(world, seconds));
  await step('it ends when it is told to', () => stopped(world));
}

async function step(name, work_) {
  const begun = Date.now();
  const result = await work_();
  const note = typeof result === 'string' ? `: ${result}` : '';
  console.log(
    `[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${name} (${Date.now() - begun} ms)${note}`,
  );
  return result;
}

// --- the ground ---------------------------------------------------------------------------------------------------

async function sh(command) {
  return run('sh', ['-ec', command]);
}

async function network() {
  // Of this namespace of mounts alone: names of networks, and what the fresh system sees of the kernel.
  await sh(`
    mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns; mount -t tmpfs none /run/netns; }
    mount -t proc proc ${root}/proc
    mount --bind /dev ${root}/dev
    mkdir -p ${root}${DATA}
    mount -t tmpfs -o size=${DISK},mode=0700 none ${root}${DATA}
    chroot ${root} chown -R host:host /home/host
    ip netns add probe
    ip link add to-probe type veth peer name eth0 netns probe
    ip link set lo up
    ip addr add ${HOME}/24 dev to-probe
    ip -6 addr add 2620:4f:8000::1/64 dev to-probe nodad
    ip link set to-probe up
    ip -n probe link set lo up
    ip -n probe addr add ${PROBE}/24 dev eth0
    ip -n probe -6 addr add 2620:4f:8000::2/64 dev eth0 nodad
    ip -n probe link set eth0 up
    ip -n probe route add default via ${HOME}`);
  // A probe does not believe a clock that nobody sets: the one that it asks takes its time from another.
  for (const [name, settings] of [
    ['source', 'local stratum 8\nallow 127.0.0.1\nport 11123'],
    ['chrony', 'server 127.0.0.1 port 11123 minpoll -6 maxpoll -6\nallow all'],
  ]) {
    const file = `${work}/${name}.conf`;
    await writeFile(file, `${settings}\ncmdport 0\nbindcmdaddress /\npidfile ${work}/${name}.pid\n`);
    background('chronyd', ['-d', '-x', '-u', 'root', '-f', file]);
  }
  const names = ['--no-resolv', '--no-hosts', '--user=root', '--pid-file=', '--listen-address', HOME];
  background('dnsmasq', ['--keep-in-foreground', ...names, `--host-record=${NAME},${HOME},2620:4f:8000::1`]);
  await until('they serve', async () => {
    const { stdout } = await run('ss', ['-Hlnu']);
    return stdout.includes(':123 ') && stdout.includes(':53 ');
  });
}

function background(program, words, options = {}) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const lines = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return { child, lines, ended: once(child, 'exit') };
}

async function startServer() {
  await mkdir(`${work}/server`);
  const env = {
    ...process.env,
    PORT: String(PORT),
    DATA_DIR: `${work}/server`,
    NODE_OPTIONS: '',
    NTP_SERVER: HOME,
  };
  const { lines } = background('node', [`${repository}dist/main.js`], { env, cwd: `${work}/server` });
  await until('it is ready', () => lines.some((line) => line.includes('"msg":"ready"'))).catch((error) => {
    throw new Error(lines.slice(-20).join('\n'), { cause: error });
  });
}

/** Runs a program on the fresh Debian, as its ordinary user, in the probe's network. */
function onHost(words, env = {}) {
  const variables = Object.entries({ HOME: '/home/host', PATH: '/usr/local/bin:/usr/bin:/bin', ...env });
  return [
    'ip',
    ['netns', 'exec', 'probe', 'chroot', '--userspec=host:host', root, '/usr/bin/env', '-i'].concat(
      variables.map(([name, value]) => `${name}=${value}`),
      words,
    ),
  ];
}

async function host(...words) {
  const [program, args] = onHost(words);
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

// --- the server's API ---------------------------------------------------------------------------------------------

async function api(method, path, body, user) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(user === undefined ? {} : { authorization: `Bearer ${user}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function register() {
  const [email, password] = ['host-test@example.org', 'Host-test-1'];
  const superuser = `${repository}dist/cli/superuser.js`;
  const env = { ...process.env, DATA_DIR: `${work}/server`, PORT: String(PORT), NODE_OPTIONS: '' };
  await run('node', [superuser, 'create', email, password], { env });
  const { access_token: user } = await api('POST', '/api/v1/auth/login', { email, password });
  const me = await api('GET', '/api/v1/users/me', undefined, user);
  await api('POST', `/api/v1/users/${me.id}/credits`, { credits: 1_000_000 }, user);
  const location = { longitude: 1.5, latitude: -2 };
  const probe = await api('POST', '/api/v1/probes', { location }, user);
  token = probe.token;
  return { user, id: probe.id };
}

function measure(world, kind, params, schedule = { type: 'once' }) {
  const body = { kind, params, schedule, probes: [world.id] };
  return api('POST', '/api/v1/operations', body, world.user);
}

const RUNS = 20;
const KINDS = [
  ['ping', { fqdns: [NAME], probecount: 1 }],
  ['dns', { fqdns: [NAME] }],
];

/** A run of each kind every second, from soon on. */
async function everySecond(world) {
  const start = Date.now() + 3000;
  const [from, to] = [start, start + RUNS * 1000].map((ms) => new Date(ms).toISOString());
  const schedule = { type: 'interval', every_s: 1, start: from, stop: to };
  const operations = await Promise.all(KINDS.map(([kind, params]) => measure(world, kind, params, schedule)));
  return { operations, start };
}

/** Waits until every run is decided, and adds up what became of them. */
async function account(world, { operations }) {
  const sum = {};
  const results = [];
  for (const { id } of operations) {
    const path = `/api/v1/operations/${id}`;
    await until(`every run of ${id} is accounted for`, async () => {
      return (await api('GET', path, undefined, world.user)).state === 'done';
    });
    const { due, planned, fates, failed_by_reason, extra } = await api(
      'GET',
      `${path}/coverage`,
      undefined,
      world.user,
    );
    assert.deepEqual({ due, planned, extra }, { due: RUNS, planned: RUNS, extra: 0 });
    assert.deepEqual([fates.unexplained, fates.awaited, fates.held, fates.not_delivered], [0, 0, 0, 0]);
    assert.equal(
      Object.values(fates).reduce((all, each) => all + each, 0),
      due,
    );
    const { items } = await api('GET', `${path}/results?limit=100`, undefined, world.user);
    assert.equal(new Set(items.map(({ scheduled_at }) => scheduled_at)).size, RUNS);
    results.push(...items);
    add(sum, { received: fates.received }, failed_by_reason);
  }
  return { sum, results, text: `${RUNS * operations.length} due: ${JSON.stringify(sum)}` };
}

function add(sum, ...counts) {
  for (const [name, count] of counts.flatMap(Object.entries)) sum[name] = (sum[name] ?? 0) + count;
}

// --- the probe ----------------------------------------------------------------------------------------------------

async function join() {
  await writeFile(`${root}/home/host/token`, token, { mode: 0o644 });
  const joined = await host(
    'pladmed-probe',
    'join',
    '--server',
    `http://${NAME}:${PORT}`,
    '--token-file',
    '/home/host/token',
  );
  assert.equal(joined.code, 0, joined.stderr);
  assert.ok(!(joined.stdout + joined.stderr).includes(token), 'the token is not repeated');
  await rm(`${root}/home/host/token`);
  assert.equal((await stat(`${root}${DATA}/config.json`)).mode & 0o777, 0o600);
}

async function doctor() {
  const { code, stdout } = await host('pladmed-probe', 'doctor');
  for (const line of stdout.trim().split('\n')) console.log(`        ${line}`);
  assert.equal(code, 0);
}

async function startProbe(env = {}) {
  const [program, args] = onHost(['pladmed-probe', 'run'], env);
  const probe = background(program, args);
  await until('it is connected', () => {
    assert.equal(probe.child.exitCode, null, probe.lines.slice(-5).join('\n'));
    return probe.lines.some((line) => line.includes('"msg":"connected"'));
  });
  return probe;
}

/** `ip netns exec`, `chroot` and `env` become what they run: the number is the probe's own. */
async function kill(probe) {
  probe.child.kill('SIGKILL');
  await probe.ended;
}

const count = (probe, message) => probe.lines.filter((line) => line.includes(`"msg":"${message}"`)).length;

async function more(probe, message, times) {
  const before = count(probe, message);
  await until(`${times} more of "${message}"`, () => count(probe, message) >= before + times);
}

async function everyKind(world) {
  const wanted = [
    ...KINDS,
    ['traceroute', { ips: [HOME, '2620:4f:8000::1'], method: 'icmp-paris', attempts: 1 }],
    ['mtr', { ips: [HOME], packets: 1 }],
    ['http', { urls: [`${`http://${NAME}:${PORT}`}/health/live`] }],
    ['tls', { fqdns: [NAME], port: PORT, timeout_s: 5 }],
    ['ntp', { ips: [HOME], samples: 1 }],
  ];
  for (const [kind, params] of wanted) {
    const { id } = await measure(world, kind, params);
    const path = `/api/v1/operations/${id}`;
    await until(
      `${kind} is done`,
      async () => (await api('GET', path, undefined, world.user)).state === 'done',
    );
    const { items } = await api('GET', `${path}/results`, undefined, world.user);
    assert.deepEqual([kind, ...items.map(({ outcome }) => outcome)], [kind, 'stored'], JSON.stringify(items));
  }
}

async function checkStatus({ probe }) {
  const { code, stdout } = await host('pladmed-probe', 'status', '--json');
  const shown = JSON.parse(stdout);
  assert.deepEqual([code, shown.running_now, shown.connected, shown.pid], [0, true, true, probe.child.pid]);
  assert.match(
    (await host('pladmed-probe', 'status')).stdout,
    /^running \(pid \d+\)\nserver +\S+: connected\n/,
  );
}

async function killed(world) {
  const runs = await everySecond(world);
  let kills = 0;
  for (; kills < 4; kills++) {
    await more(world.probe, 'run done', 1 + kills);
    await sleep(Math.random() * 1000);
    await kill(world.probe);
    const { code, stdout } = await host('pladmed-probe', 'status', '--json');
    assert.deepEqual([code, JSON.parse(stdout).running_now], [1, false], 'status knows at once');
    world.probe = await startProbe();
  }
  const { sum, text } = await account(world, runs);
  assert.deepEqual(
    Object.keys(sum).filter((name) => !['received', 'missed'].includes(name)),
    [],
  );
  return `${kills} kills, ${text}`;
}

const link = (state) => () => sh(`ip link set to-probe ${state}`);
/** Packets of the server go nowhere, and nobody is told. */
const port = (change) => () => sh(`ip rule ${change} from ${HOME} ipproto tcp sport ${PORT} blackhole`);

async function blocked(world, shut, open) {
  const runs = await everySecond(world);
  await more(world.probe, 'run done', 2);
  await shut();
  const from = Date.now();
  await sleep(6000);
  const to = Date.now();
  await open();
  const { sum, results, text } = await account(world, runs);
  assert.deepEqual(
    Object.keys(sum).filter(
      (name) => !['received', 'unresolved', 'resolver_failed', 'missed'].includes(name),
    ),
    [],
  );
  const inside = (at) => from + 1500 < at && at < to;
  assert.equal(results.filter(({ received_at }) => inside(Date.parse(received_at))).length, 0, 'it was shut');
  const meanwhile = results.filter(({ started_at }) => inside(Date.parse(started_at))).length;
  assert.ok(meanwhile > 0, 'it went on measuring');
  return `${meanwhile} runs measured meanwhile, ${text}`;
}

async function filled(world) {
  const runs = await everySecond(world);
  await more(world.probe, 'run done', 2);
  const filling = `${root}${DATA}/filling`;
  await assert.rejects(appendFile(filling, Buffer.alloc(128 * 1024 * 1024)), { code: 'ENOSPC' });
  await more(world.probe, 'measuring stops; the results are kept', 1);
  await until('status says why', async () => {
    return /^held +the disk is full$/m.test((await host('pladmed-probe', 'status')).stdout);
  });
  await kill(world.probe);
  world.probe = await startProbe();
  await rm(filling);
  await more(world.probe, 'run done', 3);
  const { sum, text } = await account(world, runs);
  assert.ok(sum.given_up > 0);
  assert.deepEqual(
    Object.keys(sum).filter((name) => !['received', 'given_up', 'missed'].includes(name)),
    [],
  );
  return text;
}

async function skewed(world, seconds) {
  await kill(world.probe);
  const wrong = { LD_PRELOAD: '/opt/libfaketime.so.1', FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}s` };
  world.probe = await startProbe({ ...wrong, FAKETIME_DONT_FAKE_MONOTONIC: '1' });
  await until('the clock is compared', () => count(world.probe, 'clock compared') > 0);
  const runs = await everySecond(world);
  const { sum, results, text } = await account(world, runs);
  assert.deepEqual(sum, { received: results.length });
  let most = 0;
  for (const { clock, clock_trusted, scheduled_at, started_at_corrected, received_at } of results) {
    assert.equal(clock.source, 'ntp');
    assert.equal(clock_trusted, false, 'more than a second off');
    const wrongBy = Math.abs(clock.offset_ms + seconds * 1000);
    assert.ok(wrongBy <= clock.error_ms, `${clock.offset_ms} ± ${clock.error_ms}`);
    const at = Date.parse(started_at_corrected);
    assert.ok(
      at + clock.error_ms >= Date.parse(scheduled_at) && at - clock.error_ms <= Date.parse(received_at),
    );
    most = Math.max(most, wrongBy);
  }
  await kill(world.probe);
  world.probe = await startProbe();
  return `estimated to ${most.toFixed(3)} ms, ${text}`;
}

async function stopped({ probe }) {
  const { pid } = probe.child;
  const memory = await readFile(`/proc/${pid}/status`, 'utf8');
  const resident = Number(/^VmHWM:\s+(\d+) kB/m.exec(memory)?.[1]);
  assert.ok(resident < MOST_RESIDENT_KIB, `${resident} KiB resident`);
  probe.child.kill('SIGTERM');
  const [code] = await probe.ended;
  assert.equal(code, 0);
  const folders = await readdir(`${root}${DATA}`, { withFileTypes: true });
  const own = folders.find((each) => each.isDirectory());
  assert.deepEqual(
    await readdir(`${root}${DATA}/${own.name}/results`),
    [],
    'nothing is left to be delivered',
  );
  return `at most ${Math.round(resident / 1024)} MiB resident`;
}

async function until(what, condition) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`Waited ${PATIENCE_MS} ms in vain: ${what}`);
    await sleep(50);
  }
}

try {
  await scenario();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  // Everything else of this namespace of processes ends with this one.
  process.exit();
}
