// The compose stack from outside: starts it, measures, restarts every part, checks that nothing was lost.
// run.sh prepares the images and the working folder, limits the time and cleans up.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdir } from 'node:fs/promises';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
/* global AbortSignal */

const run = promisify(execFile);
const started = Date.now();
const SERVICES = ['redis', 'chrony', 'nginx', 'probe', 'server', 'mongo'];
const KILLED = ['server', 'mongo'];
const PASSWORD = 'Compose-test-1';
const SECONDS_1900_TO_1970 = 2_208_988_800;
const project = process.env.COMPOSE_PROJECT_NAME;

const ports = await freePorts(3);
const environment = {
  ...process.env,
  BIND_ADDRESS: '127.0.0.1',
  HTTP_PORT: String(ports[0]),
  HTTPS_PORT: String(ports[1]),
  NTP_PORT: String(ports[2]),
  // The test needs no time from outside; chrony serves its own clock at stratum 10.
  NTP_POOLS: '',
  NETWORK_MTU: '1400',
  TLS_DIR: './tls',
  HTTPS_REDIRECT: 'no',
  // Most of the test is waiting for the next check.
  HEALTH_INTERVAL: '4s',
  WAIT_SECONDS: '600',
  SERVER_IMAGE: 'pladmed-test-server',
  CHRONY_IMAGE: 'pladmed-test-chrony',
  PROBE_IMAGE: 'pladmed-test-probe',
};
const base = `http://127.0.0.1:${ports[0]}`;
const compose = await composeCommand();

try {
  await makeCertificate();
  await scenario();
} catch (error) {
  console.error(`${error.message}\n${error.cause?.message ?? ''}`);
  await showState();
  process.exitCode = 1;
}

async function scenario() {
  await step('build the images', build);
  await step('start the stack, wait until it is healthy', () => sh('bash', ['deploy/stack.sh', 'start']));
  await step('the stack is hardened', checkHardening);
  await step('the server answers through nginx', checkHttp);
  await step('chrony tells the time, to us and to the server', checkTime);

  const world = await step('register a user, give credits, register a probe', register);
  await step('start the probe, wait until it is connected', () => startProbe(world));
  await step('the probe takes its time from the server: chrony has no source', () => checkProbesTime(world));
  world.first = await step('the probe measures and delivers', () => measure(world));
  for (const service of SERVICES) {
    const how = KILLED.includes(service) ? 'killed (SIGKILL) and started' : 'restarted';
    await step(`${service} is ${how}: nothing is lost`, () => restart(world, service));
  }
  world.second = await step('a further measurement works', () => measure(world));
  await step('no token and no password is in a log', () => checkLogs(world));
  await step('the whole stack goes down and comes up again: nothing is lost', () => downAndUp(world));
  await step('a backup is made and restored', () => backUpAndRestore(world));
}

async function step(name, action) {
  const begin = Date.now();
  console.log(`[${seconds(started)}] ${name} ...`);
  const value = await action();
  console.log(`[${seconds(started)}] ok, ${seconds(begin)}`);
  return value;
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

// --- steps ---------------------------------------------------------------------------------------------------------

async function build() {
  await sh('bash', ['deploy/env.sh']);
  const [command, ...first] = compose;
  // The classic builder leaves the container of a failed step behind unless it is told not to.
  const options = command === 'docker-compose' ? ['--force-rm'] : [];
  await sh(command, [...first, 'build', ...options], { ...environment, COMPOSE_PROFILES: 'probe' });
}

async function checkHardening() {
  for (const service of ['server', 'nginx', 'mongo', 'redis', 'chrony']) {
    const [container] = JSON.parse((await docker('inspect', await containerOf(service))).stdout);
    assert.equal(container.HostConfig.ReadonlyRootfs, true, `${service}: read-only file system`);
    assert.equal(container.HostConfig.Privileged, false, `${service}: not privileged`);
    assert.deepEqual(container.HostConfig.CapDrop, ['ALL'], `${service}: capabilities dropped`);
  }
  for (const service of ['server', 'mongo', 'redis', 'chrony']) {
    const { stdout } = await inside(service, 'id', '-u');
    assert.notEqual(stdout.trim(), '0', `${service}: not root`);
  }
}

async function checkHttp() {
  assert.equal((await http('GET', '/health/ready')).status, 200);
  assert.equal((await http('GET', '/users/me')).status, 401);
  assert.equal((await http('GET', '/metrics')).status, 404, '/metrics is not public');
  const big = await fetch(`${base}/login`, { method: 'POST', body: Buffer.alloc(2_000_000, 0x20) });
  assert.equal(big.status, 413);
  assert.equal(typeof (await big.json()).Error, 'string');
  assert.equal(await httpsStatus('/health/ready'), 200, 'HTTPS');
}

async function checkTime() {
  const answer = await sntp(ports[2]);
  console.log(`  stratum ${answer.stratum}, offset ${answer.offsetMs.toFixed(1)} ms`);
  assert.ok(answer.stratum >= 1 && answer.stratum <= 15);
  assert.ok(Math.abs(answer.offsetMs) < 1000);
  // Without a source of its own chrony serves a clock that nobody sets: it is answered, and not believed.
  await until('the server to warn of a time server without a source', 300, async () => {
    const { clock } = JSON.parse((await http('GET', '/health/ready')).text);
    assert.equal(clock.source, 'none');
    return clock.warning?.includes('serves its own clock') === true;
  });
}

/** On the same host as the server the probe's clock is the same: what it finds has to lie within its bound. */
async function checkProbesTime(world) {
  await until('the probe to compare its clock over the socket', 300, async () => {
    const { status } = await expect(200, 'GET', `/api/v1/probes/${world.probe}`, undefined, world.userToken);
    if (status?.clock.source !== 'socket') return false;
    const { offset_ms, error_ms } = status.clock;
    console.log(`  the probe: ${offset_ms} ms, ± ${error_ms} ms`);
    assert.ok(status.clock_trusted && Math.abs(offset_ms) <= error_ms + 1);
    return true;
  });
}

async function register() {
  const email = 'compose@example.org';
  const user = await expect(201, 'POST', '/register', { email, password: PASSWORD });
  const userToken = (await expect(200, 'POST', '/login', { email, password: PASSWORD })).access_token;

  const root = 'root@example.org';
  await inside('server', 'sh', '-c', `echo '${PASSWORD}' | node dist/cli/superuser.js create ${root}`);
  const rootToken = (await expect(200, 'POST', '/login', { email: root, password: PASSWORD })).access_token;
  await expect(200, 'POST', '/credits', { id: user._id, credits: 1000 }, rootToken);

  const location = { latitude: -34.6, longitude: -58.4 };
  const probeToken = (await expect(201, 'POST', '/probes', { location }, userToken)).token;
  const [probe] = await expect(200, 'GET', '/probes/me', undefined, userToken);
  return { userToken, probeToken, probe: probe.identifier, operations: [], rootToken };
}

async function startProbe(world) {
  const network = JSON.parse((await docker('network', 'inspect', `${project}_front`)).stdout)[0];
  environment.COMPOSE_PROFILES = 'probe';
  environment.PROBE_TOKEN = world.probeToken;
  // A probe refuses private networks unless its host allows them; the stack's own is what it can reach here.
  environment.PROBE_ALLOW = network.IPAM.Config[0].Subnet;
  await sh('bash', ['deploy/stack.sh', 'start']);
  await waitConnected(world);
  const nginx = JSON.parse((await docker('inspect', await containerOf('nginx'))).stdout)[0];
  world.target = nginx.NetworkSettings.Networks[`${project}_front`].IPAddress;
}

async function measure(world) {
  const now = new Date();
  const stop = new Date(now.getTime() + 120_000);
  const two = (number) => String(number).padStart(2, '0');
  const schedule = {
    // Never within the two minutes: a schedule without a time of its own runs once, at once.
    cron: `0 0 ${now.getUTCDate() === 1 ? 2 : 1} ${two(((now.getUTCMonth() + 6) % 12) + 1)} *`,
    stop_time: `${two(stop.getUTCDate())}/${two(stop.getUTCMonth() + 1)}/${stop.getUTCFullYear()} ${two(stop.getUTCHours())}:${two(stop.getUTCMinutes())}`,
    times_per_minute: 1,
  };
  const ids = [];
  for (const kind of ['ping', 'traceroute']) {
    const params = { ips: [world.target], ...schedule };
    const body = { probes: [world.probe], params, result_format: 'json' };
    ids.push((await expect(201, 'POST', `/${kind}`, body, world.userToken))._id);
  }
  for (const id of ids) {
    await until(`a result of operation ${id}`, 300, async () => (await resultsOf(id)).length === 1);
    world.operations.push({ id, results: JSON.stringify(await resultsOf(id)) });
  }
  const ping = JSON.stringify(await resultsOf(ids[0]));
  assert.match(ping, /"rtt"/, 'the ping has a round-trip time');
  world.credits = (await expect(200, 'GET', '/users/me', undefined, world.userToken)).credits;
}

async function restart(world, service) {
  if (KILLED.includes(service)) {
    await docker('kill', '--signal', 'KILL', await containerOf(service));
    await docker('start', await containerOf(service));
  } else {
    await docker('restart', '-t', '20', await containerOf(service));
  }
  await waitHealthy();
  await until(
    'the server through nginx',
    300,
    async () => (await http('GET', '/health/ready')).status === 200,
  );
  await waitConnected(world);
  await checkKept(world);
  if (service === 'chrony') await checkTime();
}

async function downAndUp(world) {
  await sh('bash', ['deploy/stack.sh', 'stop']);
  assert.equal((await containers()).length, 0);
  await sh('bash', ['deploy/stack.sh', 'start']);
  await waitConnected(world);
  await checkKept(world);
}

/** What was there at the backup is there again; what came after it is not. */
async function backUpAndRestore(world) {
  await sh('bash', ['deploy/backup.sh', 'backup.tar.gz']);
  await waitHealthy();
  await waitConnected(world);
  const later = { ...world, operations: [] };
  await measure(later);
  await sh('bash', ['deploy/restore.sh', '--yes', 'backup.tar.gz']);
  await sh('bash', ['deploy/stack.sh', 'start']);
  await waitConnected(world);
  await checkKept(world);
  for (const { id } of later.operations) {
    assert.equal((await http('GET', `/operation?id=${id}`)).status, 404);
  }
}

/** Every result is there, once, unchanged; so is every credit. */
async function checkKept(world) {
  for (const { id, results } of world.operations) {
    assert.equal(JSON.stringify(await resultsOf(id)), results);
  }
  const { credits } = await expect(200, 'GET', '/users/me', undefined, world.userToken);
  assert.equal(credits, world.credits);
}

async function checkLogs(world) {
  const secrets = [world.probeToken, world.userToken, world.rootToken, PASSWORD];
  for (const id of await containers()) {
    const { stdout, stderr } = await docker('logs', id);
    for (const secret of secrets) {
      assert.ok(!(stdout + stderr).includes(secret), `container ${id}: a secret in the log`);
    }
  }
}

// --- waiting -------------------------------------------------------------------------------------------------------

async function until(what, limitSeconds, condition) {
  const deadline = Date.now() + limitSeconds * 1000;
  let last;
  while (Date.now() < deadline) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    await sleep(500);
  }
  throw new Error(`Waited ${limitSeconds} s in vain for ${what}.`, { cause: last });
}

async function waitConnected(world) {
  await until('the probe to be connected', 300, async () => {
    const probes = await expect(200, 'GET', '/probes');
    return probes.some((probe) => probe.identifier === world.probe && probe.connected);
  });
}

async function waitHealthy() {
  await until('all containers to be healthy', 300, async () => {
    const states = await docker('inspect', '--format', '{{json .State}}', ...(await containers()));
    return states.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .every(isWell);
  });
}

function isWell({ Status: status, ExitCode: code, Health: health }) {
  if (status === 'exited') return code === 0;
  return status === 'running' && (health === undefined || health.Status === 'healthy');
}

// --- HTTP and UDP --------------------------------------------------------------------------------------------------

async function http(method, path, body, token) {
  const response = await fetch(base + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token && { access_token: token, authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  return { status: response.status, text };
}

async function httpsStatus(path) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: ports[1], path, rejectUnauthorized: false, timeout: 10_000 };
    get(options, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

async function makeCertificate() {
  await mkdir('tls');
  await sh('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-keyout', 'tls/privkey.pem', '-out', 'tls/fullchain.pem'],
  ]);
}

async function expect(status, method, path, body, token) {
  const answer = await http(method, path, body, token);
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 300)}`);
  return JSON.parse(answer.text);
}

async function resultsOf(id) {
  const { results } = await expect(200, 'GET', `/operation?id=${id}`);
  return results;
}

/** One question to the NTP server on this port: its stratum and how far its clock is from ours. */
async function sntp(port) {
  const socket = createSocket('udp4');
  try {
    const answer = new Promise((resolve, reject) => {
      socket.once('message', resolve);
      socket.once('error', reject);
    });
    const question = Buffer.alloc(48);
    question[0] = 0x23; // version 4, client
    socket.send(question, port, '127.0.0.1');
    const message = await Promise.race([answer, sleep(5000)]);
    assert.ok(message, 'no answer from chrony within 5 s');
    const time = message.readUInt32BE(40) - SECONDS_1900_TO_1970 + message.readUInt32BE(44) / 2 ** 32;
    return { stratum: message[1], offsetMs: time * 1000 - Date.now() };
  } finally {
    socket.close();
  }
}

/** Below the ports that systems give to connections: between the look and the use none of those can take it. */
async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

// --- docker --------------------------------------------------------------------------------------------------------

async function composeCommand() {
  try {
    await run('docker', ['compose', 'version']);
    return ['docker', 'compose'];
  } catch {
    return ['docker-compose'];
  }
}

async function sh(command, args, env = environment) {
  try {
    return await run(command, args, { env, maxBuffer: 64 * 2 ** 20 });
  } catch (error) {
    const output = `${error.stdout ?? ''}\n${error.stderr ?? ''}`.trim().split('\n').slice(-60).join('\n');
    error.message = `${command} ${args.join(' ')} failed (${error.code ?? error.signal}):\n${output}`;
    throw error;
  }
}

async function docker(...args) {
  return sh('docker', args);
}

async function inside(service, ...command) {
  return docker('exec', await containerOf(service), ...command);
}

async function containers() {
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await docker('ps', '--all', '--quiet', '--filter', filter);
  return stdout.split('\n').filter(Boolean);
}

async function containerOf(service) {
  const filters = [
    `label=com.docker.compose.project=${project}`,
    `label=com.docker.compose.service=${service}`,
  ];
  const { stdout } = await docker(
    'ps',
    '--all',
    '--quiet',
    ...filters.flatMap((filter) => ['--filter', filter]),
  );
  const [id] = stdout.split('\n');
  assert.ok(id, `no container of ${service}`);
  return id;
}

async function showState() {
  try {
    console.error(
      (await docker('ps', '--all', '--filter', `label=com.docker.compose.project=${project}`)).stdout,
    );
    const [command, ...first] = compose;
    const { stdout } = await sh(command, [
      ...first,
      'logs',
      '--no-color',
      '--tail=40',
      'server',
      'probe',
      'nginx',
      'chrony',
      'mongo-init',
      'redis',
    ]);
    console.error(stdout);
  } catch (error) {
    console.error(error);
  }
}
