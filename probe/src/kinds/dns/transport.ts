import { errorCode } from '../../errors.js';
import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import { answers } from './message.js';

export interface Exchange {
  resolver: string;
  port: number;
  /** The local address to send from. */
  from: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Why no answer came, in a word that the result carries: `timeout`, or the error of the system. */
export class NoAnswer extends Error {}

/** The local address is not one of this host. */
export class BadLocalAddress extends Error {}

/** More than this is not read of one connection. */
export const MOST_TCP_BYTES = 1024 * 1024;

/**
 * Sends a query over UDP from a random port. The socket is connected, so that only what comes from the resolver's address and port
 * is seen; what does not answer this query is passed over.
 * @throws NoAnswer, BadLocalAddress
 */
export function askUdp(query: Buffer, exchange: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(exchange.resolver) === 6 ? 'udp6' : 'udp4');
    const timer = setTimeout(() => {
      finish(new NoAnswer('timeout'));
    }, exchange.timeoutMs);
    const stopped = (): void => {
      finish(new NoAnswer('stopped'));
    };
    let over = false;
    function finish(outcome: Buffer | Error): void {
      if (over) return;
      over = true;
      clearTimeout(timer);
      exchange.signal.removeEventListener('abort', stopped);
      socket.close();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
    exchange.signal.addEventListener('abort', stopped, { once: true });
    socket.on('error', (error) => {
      finish(networkError(error, exchange));
    });
    socket.on('message', (message) => {
      if (answers(message, query)) finish(message);
    });
    socket.bind({ address: exchange.from, port: 0 }, () => {
      if (over) return;
      // node calls this with an error too, where there is no route
      socket.connect(exchange.port, exchange.resolver, (error?: Error | null) => {
        if (over) return;
        if (error) finish(networkError(error, exchange));
        else socket.send(query);
      });
    });
  });
}

/**
 * Asks over TCP.
 * @param isComplete says, of the messages so far, whether more are to come (a zone transfer has many)
 * @throws NoAnswer, BadLocalAddress
 */
export function askTcp(
  query: Buffer,
  exchange: Exchange,
  isComplete: (messages: readonly Buffer[]) => boolean = () => true,
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: exchange.resolver,
      port: exchange.port,
      ...(exchange.from === undefined ? {} : { localAddress: exchange.from }),
    });
    const messages: Buffer[] = [];
    let pending = Buffer.alloc(0);
    let received = 0;
    const timer = setTimeout(() => {
      finish(new NoAnswer('timeout'));
    }, exchange.timeoutMs);
    const stopped = (): void => {
      finish(new NoAnswer('stopped'));
    };
    function finish(error: Error | null): void {
      clearTimeout(timer);
      exchange.signal.removeEventListener('abort', stopped);
      socket.destroy();
      if (error === null || messages.length > 0) resolve(messages);
      else reject(error);
    }
    exchange.signal.addEventListener('abort', stopped, { once: true });
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk) => {
      received += chunk.length;
      pending = Buffer.concat([pending, chunk]);
      for (let message = takeMessage(); message !== null; message = takeMessage()) {
        if (messages.length === 0 && !answers(message, query)) {
          finish(new NoAnswer('the answer is for another question'));
          return;
        }
        messages.push(message);
      }
      if ((messages.length > 0 && isComplete(messages)) || received > MOST_TCP_BYTES) finish(null);
    });
    socket.on('error', (error) => {
      finish(networkError(error, exchange));
    });
    socket.on('end', () => {
      finish(new NoAnswer('the resolver closed the connection'));
    });

    function takeMessage(): Buffer | null {
      if (pending.length < 2) return null;
      const end = 2 + pending.readUInt16BE(0);
      if (pending.length < end) return null;
      const message = Buffer.from(pending.subarray(2, end));
      pending = pending.subarray(end);
      return message;
    }
  });
}

function networkError(error: Error, exchange: Exchange): Error {
  const code = errorCode(error) ?? error.message;
  if (code === 'EADDRNOTAVAIL' && exchange.from !== undefined) {
    return new BadLocalAddress(`${exchange.from} is not an address of this probe`);
  }
  return new NoAnswer(code);
}
