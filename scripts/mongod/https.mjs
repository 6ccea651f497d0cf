import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rootCertificates } from 'node:tls';

/** Where systems keep the authorities they trust, which Node does not read by itself. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];
const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const LONGEST_SILENCE_MS = 20_000;
const MOST_REDIRECTS = 5;
const LONGEST_TEXT_BYTES = 5 * 1024 * 1024;

/** The body of an https address as text. @throws on any answer but 200, or 20 s of silence */
export async function fetchText(url) {
  const chunks = [];
  let length = 0;
  for await (const chunk of await open(url)) {
    length += chunk.length;
    if (length > LONGEST_TEXT_BYTES) {
      throw new Error(`${url} answers with more than ${LONGEST_TEXT_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Saves an https address to a file.
 * @param progress called as bytes arrive with (done, total); total is 0 when the server does not say
 * @returns the SHA-256 of what was saved, in hexadecimal
 */
export async function fetchFile(url, path, progress) {
  const response = await open(url);
  const total = Number(response.headers['content-length'] ?? 0);
  const hash = createHash('sha256');
  let done = 0;
  const watch = new Transform({
    transform(chunk, _encoding, next) {
      hash.update(chunk);
      done += chunk.length;
      progress(done, total);
      next(null, chunk);
    },
  });
  await pipeline(response, watch, createWriteStream(path, { flags: 'wx' }));
  return hash.digest('hex');
}

async function open(url, redirects = 0) {
  const response = await request(url);
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) {
    return response;
  }
  response.resume();
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects < MOST_REDIRECTS) {
    return open(new URL(headers.location, url).href, redirects + 1);
  }
  throw new Error(`${url} answers ${statusCode}`);
}

/** With the authorities that Node was told of (NODE_EXTRA_CA_CERTS too), and if those do not do, the system's. */
async function request(url) {
  try {
    return await requestWith(url);
  } catch (error) {
    if (!UNKNOWN_AUTHORITY.has(String(error.code))) {
      throw error;
    }
    const system = await systemAuthorities();
    if (system === undefined) {
      throw error;
    }
    return requestWith(url, [...rootCertificates, system]);
  }
}

async function requestWith(url, ca) {
  if (new URL(url).protocol !== 'https:') {
    throw new Error(`${url} is not https`);
  }
  const sent = get(url, { timeout: LONGEST_SILENCE_MS, ...(ca === undefined ? {} : { ca }) });
  sent.on('timeout', () => sent.destroy(new Error(`${url}: silent for ${LONGEST_SILENCE_MS / 1000} s`)));
  const [response] = await once(sent, 'response');
  return response;
}

async function systemAuthorities() {
  for (const path of SYSTEM_BUNDLES) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return text;
    }
  }
  return undefined;
}
