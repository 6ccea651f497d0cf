import type { Socket } from 'node:net';
import type { Clock } from '../../clock/clock.js';
import { Broken, reasonOf } from '../../measuring/connection.js';
import { stopwatch } from '../../clock/timing.js';
import { type Allowance, AnswerReader } from './answer.js';
import type { HttpEntry } from './entry.js';

export interface Order {
  method: string;
  url: URL;
  /** Path and query as they are asked for. */
  target: string;
  userAgent: string;
  allowance: Allowance;
}

/**
 * Sends one request over an open connection and counts what comes back. The entry is filled in as it comes: what came before an
 * error counts.
 * @returns when the answer is over, or cut off at the allowance; whoever opened the socket destroys it
 * @throws Broken, or the error of the system or of the TLS library
 */
export function exchange(
  socket: Socket,
  order: Order,
  entry: HttpEntry,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const elapsed = stopwatch(clock);
    const reader = new AnswerReader(order.method, entry, order.allowance);
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      socket.pause();
      settle();
    };
    const fail = (error: Error): void => {
      end(() => {
        reject(error);
      });
    };
    /** Whatever is thrown in an event of the socket ends this exchange, and nothing else. */
    const guarded = (work: () => boolean): void => {
      if (isOver) return;
      try {
        if (work()) end(resolve);
      } catch (error) {
        fail(error as Error);
      }
    };
    if (signal.aborted) fail(reasonOf(signal));
    signal.addEventListener('abort', () => {
      fail(reasonOf(signal));
    });
    socket.on('data', (chunk: Buffer) => {
      guarded(() => {
        entry.timings.first_byte_ms ??= elapsed();
        return reader.push(chunk);
      });
    });
    socket.on('end', () => {
      guarded(() => {
        reader.end();
        return true;
      });
    });
    // Stays: an error that nobody listens for ends the process.
    socket.on('error', fail);
    socket.once('close', () => {
      fail(new Broken('ECONNRESET'));
    });
    socket.write(requestOf(order));
  });
}

function requestOf({ method, url, target, userAgent }: Order): string {
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: ${url.host}`,
    `User-Agent: ${userAgent}`,
    'Accept: */*',
    'Accept-Encoding: identity',
    'Connection: close',
    '',
    '',
  ].join('\r\n');
}
