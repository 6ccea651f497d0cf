// Fills a fresh server for the fuzzer, and prints what the fuzzer needs as assignments of shell variables.
// usage: node test/fuzz/world.mjs URL SUPERUSER PASSWORD SUFFIX
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';

const [url, superuser, password, suffix] = process.argv.slice(2);
/** Is in all that is private of the owner, and in nothing else. */
const secret = `hush${randomBytes(6).toString('hex')}`;

async function send(method, path, { token, body, headers = {}, raw } = {}) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: raw ?? (body && JSON.stringify(body)),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
const post = (path, body, token) => send('POST', path, { body, token });
const logIn = async (email) => (await post('/api/v1/auth/login', { email, password })).access_token;
async function account(email) {
  const { id } = await post('/api/v1/auth/register', { email, password });
  return { id, email, token: await logIn(email) };
}
const keyOf = async (token, scope) =>
  (await post('/api/v1/users/me/keys', { name: scope, scopes: [scope] }, token)).key;

/** A gray PNG file of one pixel. */
function pixel() {
  const crcOf = (bytes) => {
    let crc = ~0;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
  };
  const chunk = (type, data) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(crcOf(named));
    return Buffer.concat([length, named, crc]);
  };
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.from([0, 128]));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

async function until(look) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it has not come about');
}

const admin = await logIn(superuser);
const owner = await account(`owner.${secret}@example.org`);
const user = await account(`user-${suffix}@example.org`);
// ends its own sessions, again and again
const leaver = await account(`leaver-${suffix}@example.org`);
// superusers may put an end to it
const bystander = await account(`bystander-${suffix}@example.org`);
const visitor = (await send('POST', '/api/v1/auth/visit')).access_token;
await post(`/api/v1/users/${owner.id}/credits`, { credits: 1_000_000 }, admin);
await post(`/api/v1/users/${user.id}/credits`, { credits: 1_000_000 }, admin);
const picture = { raw: pixel(), headers: { 'content-type': 'image/png' }, token: owner.token };
await send('PUT', '/api/v1/users/me/picture', picture);

const probe = await post('/api/v1/probes', { location: { longitude: 1, latitude: 2 } }, owner.token);
const site = `/api/v1/sites/${encodeURIComponent(`Fuzz ${suffix}`)}`;
await send('PUT', site, {
  token: owner.token,
  body: { contact: secret, notes: secret, address: { lines: [secret], postcode: secret, country: 'AR' } },
});
await send('PUT', `${site}/instruments/${probe.id}`, {
  token: owner.token,
  body: { hardware: secret, serial: secret },
});
await send('PUT', `${site}/photo`, picture);

const operation = (visibility, more) =>
  post(
    '/api/v1/operations',
    {
      ...{ kind: 'ping', params: { ips: ['192.0.2.1'] }, schedule: { type: 'once' }, probes: [probe.id] },
      ...{ visibility, ...more },
    },
    owner.token,
  );
const open = await operation('public');
const hidden = await operation('private', {
  description: secret,
  tags: [secret],
  params: { fqdns: [`${secret}.example`] },
});
const imported = await send('POST', `/api/v1/imports?name=${secret}`, {
  raw: readFileSync(new URL('../../warts/test/fixtures/2026/ping.warts', import.meta.url)),
  headers: { 'content-type': 'application/octet-stream' },
  token: owner.token,
});
const job = await until(async () => {
  const now = await send('GET', `/api/v1/imports/${imported.id}`, { token: owner.token });
  return now.state === 'done' ? now : undefined;
});
const results = await send('GET', `/api/v1/operations/${job.operation_ids[0]}/results?limit=5`, {
  token: owner.token,
});
const spare = await post('/api/v1/users/me/keys', { name: secret, scopes: ['read'] }, owner.token);

const hiddenIds = [hidden.id, ...job.operation_ids, job.id, ...results.items.map(({ id }) => id)];
const variables = {
  FUZZ_VISITOR: visitor,
  FUZZ_USER: user.token,
  FUZZ_OWNER: owner.token,
  FUZZ_READ: await keyOf(owner.token, 'read'),
  FUZZ_MEASURE: await keyOf(owner.token, 'measure'),
  FUZZ_PROBES: await keyOf(owner.token, 'probes'),
  FUZZ_ADMIN: await keyOf(admin, 'admin'),
  FUZZ_SUPERUSER: admin,
  FUZZ_OPERATION: open.id,
  FUZZ_LEAVER: JSON.stringify({ email: leaver.email, password }),
  // what strangers must not see, and what is there, by the first part of its path
  FUZZ_SECRETS: JSON.stringify([secret, ...hiddenIds]),
  FUZZ_THERE: JSON.stringify({
    operations: [hidden.id, open.id, ...job.operation_ids],
    probes: [probe.id],
    users: [owner.id],
    bystanders: [bystander.id],
    imports: [job.id],
    results: results.items.map(({ id }) => id),
    keys: [spare.id],
    instruments: [probe.id],
    sites: [`Fuzz ${suffix}`],
    measurements: [open.id, hidden.id],
  }),
};
for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`);
