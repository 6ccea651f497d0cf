import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type DocumentDefinition,
  httpDocument,
  readDocument,
  type ReadEntry,
  tlsDocument,
} from '@pladmed/protocol';
import { Random } from '../../test/chaos/random.js';
import { http } from '../src/kinds/http/index.js';
import { tls } from '../src/kinds/tls/index.js';
import { httpParams, tlsParams } from '@pladmed/protocol';
import { Authority } from './support/certificates.js';
import { runContext } from './support/run.context.js';
import { Site } from './support/site.js';

/** More of them: PROBE_FUZZ_CONNECTIONS=5000 of each kind. The same again: PROBE_FUZZ_SEED=n. */
const EXCHANGES = Number(process.env['PROBE_FUZZ_CONNECTIONS'] ?? 200);
const SEED = Number(process.env['PROBE_FUZZ_SEED'] ?? 7);
/** Entries of one run. */
const BATCH = 100;
const TIMEOUT_S = 60;

const BODY = 'x'.repeat(300);
const ANSWERS = [
  `HTTP/1.1 200 OK\r\nContent-Length: 300\r\nContent-Type: text/plain\r\n\r\n${BODY}`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12c;a=b\r\n${BODY}\r\n0\r\nTrailer: 1\r\n\r\n`,
  'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /é\r\nContent-Length: 0\r\n\r\n',
  `HTTP/1.0 404 Not Found\nServer: a\n b\n\n${BODY}`,
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore',
].map((text) => Buffer.from(text));

/** Cut, doubled, emptied, with other bytes, or with bytes put in. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const at = random.whole(0, bytes.length);
  const end = Math.min(bytes.length, at + random.whole(0, 40));
  const noise = Buffer.from(Array.from({ length: random.whole(1, 40) }, () => random.whole(0, 255)));
  switch (random.weighted({ cut: 3, doubled: 2, empty: 1, changed: 5, put: 3, as_it_is: 1 })) {
    case 'cut':
      return bytes.subarray(0, at);
    case 'doubled':
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 'empty':
      return Buffer.alloc(0);
    case 'changed': {
      const changed = Buffer.from(bytes);
      for (let left = random.whole(1, 4); left > 0 && changed.length > 0; left--)
        changed[random.whole(0, changed.length - 1)] = random.whole(0, 255);
      return changed;
    }
    case 'put':
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    default:
      return bytes;
  }
}

/** Sends bytes in pieces, a turn of the loop between them, and leaves. */
async function sendInPieces(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  const pieces = random.whole(1, 5);
  for (let piece = 0; piece < pieces && !socket.destroyed; piece++) {
    const [from, to] = [piece, piece + 1].map((each) => Math.floor((bytes.length * each) / pieces));
    socket.write(bytes.subarray(from, to));
    await new Promise(setImmediate);
  }
  if (random.chance(0.8)) socket.end();
  else socket.resetAndDestroy();
}

/** Passes a TLS server's bytes on, those of one turn changed. */
function passOn(client: Socket, port: number, random: Random): void {
  const server = connect(port, '127.0.0.1');
  let whole = random.whole(0, 2);
  client.on('data', (chunk: Buffer) => server.write(chunk));
  client.on('close', () => server.destroy());
  server.on('error', () => client.destroy());
  server.on('close', () => client.end());
  server.on('data', (chunk: Buffer) => {
    if (whole-- > 0) {
      client.write(chunk);
      return;
    }
    server.removeAllListeners('data').resume();
    void sendInPieces(client, mutated(chunk, random), random);
  });
}

async function batches<T>(
  definition: DocumentDefinition<T>,
  measure: (count: number) => Promise<Buffer>,
): Promise<T[]> {
  const entries: ReadEntry<T>[] = [];
  while (entries.length < EXCHANGES) {
    const count = Math.min(BATCH, EXCHANGES - entries.length);
    const read = readDocument(definition, await measure(count));
    if (typeof read === 'string') throw new Error(read);
    expect(read).toHaveLength(count);
    entries.push(...read);
  }
  return entries.map((entry) => {
    if ('unreadable' in entry) throw new Error(entry.unreadable.problem);
    return entry.value;
  });
}

describe('whatever the other side sends, each run comes to its end and is read', () => {
  const sites: Site[] = [];
  let authority: Authority;
  let ports: number[];
  beforeAll(async () => {
    authority = await Authority.make();
    const pair = await authority.issue(['IP:127.0.0.1']);
    const root = await authority.certificate();
    const options = { ...pair, cert: `${pair.cert}${root}`, ca: root };
    sites.push(
      await Site.tls(
        { ...options, maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false },
        (socket) => socket.end(ANSWERS[0] ?? ''),
      ),
      await Site.tls({ ...options, minVersion: 'TLSv1.3' }, (socket) => socket.end(ANSWERS[1] ?? '')),
      await Site.tls({ ...options, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true }),
    );
    ports = sites.map(({ port }) => port);
  });
  afterAll(async () => {
    await Promise.all(sites.map((each) => each.close()));
    await authority.remove();
  });

  async function serve(answer: (socket: Socket, random: Random) => void): Promise<Site> {
    const random = new Random(SEED);
    let connections = 0;
    const made = await Site.raw((socket) => {
      answer(socket, random.branch(`connection ${connections++}`));
    });
    sites.push(made);
    return made;
  }

  test('http', async () => {
    const { url } = await serve((socket, random) => {
      socket.once('data', () => void sendInPieces(socket, mutated(random.pick(ANSWERS), random), random));
    });
    const entries = await batches(httpDocument, (count) => {
      const urls = Array.from({ length: count }, () => url);
      return http.measure(httpParams.schema.parse({ urls, timeout_s: TIMEOUT_S }), runContext());
    });
    // Some of each: the fuzzer reaches what it is meant to reach.
    expect(entries.some(({ error, status }) => error === null && status === 200)).toBe(true);
    expect(entries.some(({ error }) => error?.startsWith('HPE_'))).toBe(true);
    expect(entries.some(({ error, status }) => error !== null && status !== null)).toBe(true);
    for (const { error, status, header_bytes, body_bytes, truncated } of entries) {
      if (error === null) expect([status, header_bytes, body_bytes, truncated]).not.toContain(null);
      expect(body_bytes === null).toBe(truncated === null);
    }
  });

  test.each(['tls', 'https'])('%s', async (kind) => {
    const { port } = await serve((socket, random) => {
      passOn(socket, random.pick(ports), random);
    });
    const entries =
      kind === 'tls'
        ? await batches(tlsDocument, (count) => {
            const ips = Array.from({ length: count }, () => '127.0.0.1');
            return tls.measure(tlsParams.schema.parse({ ips, port, timeout_s: TIMEOUT_S }), runContext());
          })
        : await batches(httpDocument, (count) => {
            const urls = Array.from({ length: count }, () => `https://127.0.0.1:${port}/`);
            return http.measure(httpParams.schema.parse({ urls, timeout_s: TIMEOUT_S }), runContext());
          });
    expect(entries.some(({ error }) => error !== null)).toBe(true);
    if (kind === 'tls')
      expect(entries.some(({ error, chain }) => error !== null && (chain as string[]).length > 0)).toBe(true);
  });
});
