import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import type { Clock, Timer } from '../clock/clock.js';
import { errorCode, messageOf } from '../platform/errors.js';
import { milliseconds } from '../clock/timing.js';
import { Frames } from './frames.js';
import type { Judge } from './judge.js';
import { damage, isTruncated, mismatch } from './message.js';

export interface Exchange {
  resolver: string;
  port: number;
  /** The local address to send from. */
  from: string | undefined;
  timeoutMs: number;
  clock: Clock;
  signal: AbortSignal;
}

/** A message that came. */
export interface Arrival {
  message: Buffer;
  /** From the query's departure to this message, in ms; null where it is no part of the answer. */
  rtt_ms: number | null;
  /** Why it is no part of the answer. */
  error: string | null;
}

/** What came of one query. */
export interface Outcome {
  /** When the query went out, by the wall clock; null where it did not. */
  sentAt: number | null;
  /** What the TCP connection took, in ms. */
  connect_ms: number | null;
  arrivals: Arrival[];
  /** Why the exchange ended before an answer, or before its end: `timeout`, `stopped`, the system's code, or a sentence. */
  error: string | null;
  /** Messages that were passed over, since they answer another query. */
  ignored: number;
  /** Bytes of messages received, whatever they were. */
  bytes: number;
}

/** @returns the first message that answers the query @throws an Error that says why there is none */
export function answerOf({ arrivals, error }: Outcome): Buffer {
  const answer = arrivals.find((arrival) => arrival.error === null);
  if (answer !== undefined) return answer.message;
  throw new Error(error ?? arrivals[0]?.error ?? 'no answer');
}

/** The local address is not one of this host. */
export class BadLocalAddress extends Error {}

/** More than this is not read of one connection. */
export const MOST_TCP_BYTES = 1024 * 1024;

/** An exchange under way: what has come so far, and how it ends. Once it is over nothing changes it. */
class Running {
  readonly outcome: Outcome = {
    sentAt: null,
    connect_ms: null,
    arrivals: [],
    error: null,
    ignored: 0,
    bytes: 0,
  };
  private readonly begun: number;
  private sent = 0;
  private isOver = false;
  private readonly timer: Timer;

  /** @param close ends the socket; it is called once */
  constructor(
    private readonly exchange: Exchange,
    private readonly close: () => void,
    private readonly settle: { resolve: (outcome: Outcome) => void; reject: (error: Error) => void },
  ) {
    this.begun = exchange.clock.monotonic();
    this.timer = exchange.clock.setTimer(() => {
      this.end('timeout');
    }, exchange.timeoutMs);
    exchange.signal.addEventListener('abort', this.stopped, { once: true });
    if (exchange.signal.aborted) this.stopped();
  }

  get over(): boolean {
    return this.isOver;
  }

  connected(): void {
    this.outcome.connect_ms = milliseconds(this.exchange.clock.monotonic() - this.begun);
  }

  /** The query goes out now. */
  sending(): void {
    this.outcome.sentAt = this.exchange.clock.now();
    this.sent = this.exchange.clock.monotonic();
  }

  arrived(message: Buffer, problem: string | null): void {
    const rtt_ms = problem === null ? milliseconds(this.exchange.clock.monotonic() - this.sent) : null;
    this.outcome.arrivals.push({ message, rtt_ms, error: problem });
  }

  /** @param error why it ends before its end; null where it does not */
  end(error: string | null): void {
    if (!this.finish()) return;
    this.outcome.error = error;
    this.settle.resolve(this.outcome);
  }

  /** The system has refused something, or the connection broke. */
  fail(error: unknown): void {
    const code = errorCode(error) ?? messageOf(error);
    const { from } = this.exchange;
    if (code !== 'EADDRNOTAVAIL' || from === undefined) this.end(code);
    else if (this.finish())
      this.settle.reject(new BadLocalAddress(`${from} is not an address of this probe`));
  }

  /** @returns a handler that ends the exchange with what it throws, since nothing may escape from a socket's event */
  handler<Args extends unknown[]>(handle: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      if (this.isOver) return;
      try {
        handle(...args);
      } catch (error) {
        this.fail(error);
      }
    };
  }

  private readonly stopped = (): void => {
    this.end('stopped');
  };

  private finish(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.timer.cancel();
    this.exchange.signal.removeEventListener('abort', this.stopped);
    this.close();
    return true;
  }
}

/**
 * Sends a query over UDP from a random port. The socket is connected, so that only what comes from the resolver's address and port
 * is seen; what does not answer this query is passed over and counted (RFC 5452, section 9.1).
 * @returns what came of it, at most one message
 * @throws BadLocalAddress
 */
export function askUdp(query: Buffer, exchange: Exchange): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(exchange.resolver) === 6 ? 'udp6' : 'udp4');
    // A socket that is closed already throws.
    const close = (): void => void socket.close();
    const running = new Running(exchange, close, { resolve, reject });
    // Errors come after the end too.
    socket.on('error', (error) => {
      running.fail(error);
    });
    if (running.over) return;
    socket.on(
      'message',
      running.handler((message: Buffer) => {
        running.outcome.bytes += message.length;
        if (mismatch(message, query) !== null) {
          running.outcome.ignored++;
          return;
        }
        // What was cut off may end anywhere, and is asked for again (RFC 2181, section 9).
        running.arrived(message, isTruncated(message) ? null : damage(message));
        running.end(null);
      }),
    );
    const sent = running.handler((error: Error | null) => {
      if (error === null) return;
      running.outcome.sentAt = null;
      throw error;
    });
    const send = running.handler((error?: Error | null) => {
      // node calls this with an error too, where there is no route
      if (error) throw error;
      running.sending();
      socket.send(query, sent);
    });
    const bound = running.handler(() => {
      socket.connect(exchange.port, exchange.resolver, send);
    });
    running.handler(() => socket.bind({ address: exchange.from, port: 0 }, bound))();
  });
}

/**
 * Asks over TCP.
 * @param judge says of each message what it is, and whether more are to come (a zone transfer has many)
 * @returns the messages that came, whatever ended it
 * @throws BadLocalAddress
 */
export function askTcp(query: Buffer, exchange: Exchange, judge: Judge): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: exchange.resolver,
      port: exchange.port,
      ...(exchange.from === undefined ? {} : { localAddress: exchange.from }),
    });
    const close = (): void => void socket.destroy();
    const running = new Running(exchange, close, { resolve, reject });
    const frames = new Frames();
    socket.on('error', (error) => {
      running.fail(error);
    });
    socket.on(
      'connect',
      running.handler(() => {
        running.connected();
        const length = Buffer.alloc(2);
        length.writeUInt16BE(query.length);
        running.sending();
        socket.write(Buffer.concat([length, query]));
      }),
    );
    socket.on(
      'data',
      running.handler((chunk: Buffer) => {
        running.outcome.bytes += chunk.length;
        for (const message of frames.take(chunk)) {
          const { problem, over, error } = judge(message);
          running.arrived(message, problem);
          if (over) {
            running.end(error);
            return;
          }
        }
        if (running.outcome.bytes > MOST_TCP_BYTES) running.end(`too large: over ${MOST_TCP_BYTES} bytes`);
      }),
    );
    const closed = running.handler(() => {
      running.end('the resolver closed the connection');
    });
    socket.on('end', closed);
    socket.on('close', closed);
  });
}
