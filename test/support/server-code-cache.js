import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PASSWORD = 'Correct-Horse-7';

/**
 * Keeps the compiled code of a bundle of the server beside it, where it is not there yet: what one server compiled that was
 * asked for a little. Without it servers start all the same, and slower.
 */
export async function cacheCode(folder, mongodbUri) {
  const file = join(folder, 'bundle.js.cache');
  if (await stat(file).catch(() => undefined)) return;
  const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-code-'));
  const made = join(dataDir, 'cache');
  const port = String(await freePort());
  const database = new URL(mongodbUri);
  database.pathname = '/code_cache';
  const child = spawn(process.execPath, [join(folder, 'main.js')], {
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PLADMED_TEST_CODE_CACHE: made,
      MONGODB_URI: database.href,
      SECRET_KEY: 'a-secret-of-the-tests-0123456789',
      PASSWORD_COST: '4',
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: port,
    },
  });
  const ended = once(child, 'exit');
  try {
    if (await isReady(child)) await askForALittle(`http://127.0.0.1:${port}`);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  // in one step: a server that starts now finds all of it, or nothing
  await rename(made, file).catch(() => undefined);
  await rm(dataDir, { recursive: true, force: true });
}

/** @returns false when it ended instead */
function isReady(child) {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"msg":"ready"')) resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
}

/** What nearly every test asks for; what it answers is for the tests to judge. */
async function askForALittle(url) {
  const ask = async (method, path, body, token) => {
    const headers = {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
    return answer.json().catch(() => ({}));
  };
  const account = { email: 'code-cache@example.org', password: PASSWORD };
  await ask('POST', '/api/v1/auth/register', account);
  const { access_token } = await ask('POST', '/api/v1/auth/login', account);
  const location = { longitude: 1.5, latitude: -2 };
  const probe = await ask('POST', '/api/v1/probes', { location }, access_token);
  const operation = { kind: 'ping', params: { ips: ['192.0.2.1'] }, schedule: { type: 'once' } };
  await ask('POST', '/api/v1/operations', { ...operation, probes: [probe.id] }, access_token);
  await ask('GET', '/api/v1/operations', undefined, access_token);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
