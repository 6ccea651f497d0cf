import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../clock/clock.js';
import { Broken, reasonOf } from '../connection.js';
import { stopwatch } from '../timing.js';
import type { HttpEntry } from './entry.js';

const MAX_HEADER_BYTES = 64 * 1024;
/** 1xx answers before the one that counts. */
const MAX_INTERIM_ANSWERS = 16;
const MAX_LOCATION_LENGTH = 2_048;
const MAX_VALUE_LENGTH = 256;

/** What may still be read of bodies, in bytes. */
export interface Allowance {
  ofBody: number;
  /** Shared by the requests of a run. */
  ofRun: { left: number };
}

export interface Order {
  method: string;
  url: URL;
  userAgent: string;
  allowance: Allowance;
}

/**
 * Sends one request over an open connection and counts what comes back. The entry is filled in as it comes: what came before an
 * error counts.
 * @returns when the answer is over, or cut off at the allowance; whoever opened the socket destroys it
 * @throws Broken, or the error of the system, the TLS library or the HTTP parser
 */
export function exchange(
  socket: Socket,
  order: Order,
  entry: HttpEntry,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(reasonOf(signal));
    signal.addEventListener('abort', () => {
      reject(reasonOf(signal));
    });
    const elapsed = stopwatch(clock);
    // A connection of our own, and no agent: neither a proxy nor another address comes between.
    const request = httpRequest({
      createConnection: () => socket,
      method: order.method,
      path: order.url.pathname + order.url.search,
      setHost: false,
      headers: {
        Host: order.url.host,
        'User-Agent': order.userAgent,
        Accept: '*/*',
        'Accept-Encoding': 'identity',
        Connection: 'close',
      },
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    // Bounded by their size.
    request.maxHeadersCount = 0;
    request.once('socket', () => {
      socket.once('data', () => {
        entry.timings.first_byte_ms = elapsed();
      });
    });
    let interim = 0;
    request.on('information', () => {
      interim += 1;
      if (interim > MAX_INTERIM_ANSWERS) reject(new Broken('too many interim answers'));
    });
    request.once('upgrade', (response) => {
      note(response, entry);
      resolve();
    });
    let isAnswered = false;
    request.once('response', (response) => {
      isAnswered = true;
      note(response, entry);
      count(response, order.allowance, entry).then(resolve, reject);
    });
    request.on('error', reject);
    request.once('close', () => {
      if (!isAnswered) reject(new Broken('ECONNRESET'));
    });
    request.end();
  });
}

function note(response: IncomingMessage, entry: HttpEntry): void {
  const { headers } = response;
  entry.status = response.statusCode ?? null;
  entry.http_version = response.httpVersion;
  entry.header_bytes = headerBytes(response);
  entry.body_bytes = 0;
  entry.location = shortened(headers.location, MAX_LOCATION_LENGTH);
  entry.content_type = shortened(headers['content-type'], MAX_VALUE_LENGTH);
  entry.content_length = declaredLength(headers['content-length']);
  entry.server = shortened(headers['server'], MAX_VALUE_LENGTH);
}

/** Of a header that came twice node keeps the first, of those that are kept here. */
function shortened(value: string | string[] | undefined, most: number): string | null {
  return typeof value === 'string' ? value.slice(0, most) : null;
}

/** The status line and each header as `Name: value`, every line with its end. Header text is a character for each byte. */
function headerBytes(response: IncomingMessage): number {
  const status = `HTTP/${response.httpVersion} 000 ${response.statusMessage ?? ''}\r\n`.length;
  const headers = response.rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  return status + headers + 2;
}

function declaredLength(text: string | undefined): number | null {
  const length = Number(text ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : null;
}

/** Counts the body and lets it go. */
function count(response: IncomingMessage, allowance: Allowance, entry: HttpEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    let counted = 0;
    response.on('data', (chunk: Buffer) => {
      const room = Math.min(allowance.ofBody - counted, allowance.ofRun.left);
      const taken = Math.min(chunk.length, room);
      counted += taken;
      allowance.ofRun.left -= taken;
      entry.body_bytes = counted;
      if (taken === chunk.length) return;
      entry.truncated = true;
      response.pause();
      resolve();
    });
    response.on('error', reject);
    response.once('end', resolve);
    response.once('close', () => {
      if (response.complete) resolve();
      else reject(new Broken('ECONNRESET'));
    });
  });
}
