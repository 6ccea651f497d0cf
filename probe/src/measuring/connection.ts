import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { errorCode, messageOf } from '../platform/errors.js';
import { type Flight, readFlight } from '../handshake/flight.js';
import { Tap } from '../handshake/tap.js';
import type { RunContext } from './kind.js';
import type { Found } from './targets.js';
import { stopwatch } from '../clock/timing.js';
import type { Clock } from '../clock/clock.js';

/** What ended a connection, in a word that the result carries. */
export class Broken extends Error {}

const MAX_WORD_LENGTH = 200;

/** The word for an error: the code of the system, of the TLS library or of a parser, or what the error says. */
export function wordFor(error: unknown): string {
  const word = errorCode(error) ?? messageOf(error);
  // OpenSSL 3.5 (Node 24) renamed the alerts of SSL 3: one event has one name in results, whatever Node the probe has
  return word.replace(/^ERR_SSL_SSL\/TLS_ALERT_/, 'ERR_SSL_SSLV3_ALERT_').slice(0, MAX_WORD_LENGTH);
}

/** What was found of a host, and how long that took; an address that was given takes no time. */
export interface Located extends Found {
  resolve_ms: number | null;
}

/**
 * Finds the address of a host, the only one that is connected to later: the name is never asked for again.
 * @param families those that the user wants: 4, 6 or both
 * @throws RunFailure `refused`, `unresolved`, `resolver_failed`; `bad_params` for an address of another family
 */
export async function locate(
  host: string,
  families: ReadonlySet<number>,
  context: RunContext,
): Promise<Located> {
  const { time, ...found } = await context.targets.find(host, families, () => stopwatch(context.clock));
  return { ...found, resolve_ms: time };
}

/**
 * Names the error that ended an attempt to connect, and keeps with the address whether anything was sent there.
 * @param isConnected whether the connection was open when the error came
 * @returns why nothing was sent (`no_family` ...), or the word for the error
 */
export async function wordOfAttempt(
  error: unknown,
  located: Located,
  isConnected: boolean,
  { targets }: RunContext,
): Promise<string> {
  const word = wordFor(error);
  located.unreachable = isConnected ? null : await targets.whyUnsent(located.address, word);
  return located.unreachable ?? word;
}

/**
 * Gives work a time of its own within the run's.
 * @param work must end when its signal is raised; the signal's reason is an error
 */
export async function within<T>(
  ms: number,
  context: RunContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = context.clock.setTimer(() => {
    controller.abort(new Broken('timeout'));
  }, ms);
  const stop = (): void => {
    controller.abort(new Broken('stopped'));
  };
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
    context.signal.removeEventListener('abort', stop);
  }
}

/** Headers of all packets of one short TCP connection, in bytes. */
const CONNECTION_BYTES = 600;
/** A handshake of TLS, with the usual certificates, in bytes. */
export const HANDSHAKE_BYTES = 8 * 1024;
/** A header of 40 to 60 bytes for each packet of about 1,400, and half as many acknowledgements. */
const HEADER_SHARE = 0.06;

/** What the bytes that a connection carries take on the wire. */
export function wireBytes(carried: number): number {
  return CONNECTION_BYTES + Math.ceil(carried * (1 + HEADER_SHARE));
}

/**
 * Opens a TCP connection to an address, asks the host's policy again for the one at its other end, and counts what went over it.
 * @param use what is done with it; then it is closed
 * @throws RunFailure `refused`; Broken or the error of the system
 */
export async function withTcp<T>(
  { address, port }: { address: string; port: number },
  context: RunContext,
  signal: AbortSignal,
  use: (socket: Socket) => Promise<T>,
): Promise<T> {
  const socket = connectTcp({ host: context.targets.checked(address), port, noDelay: true });
  try {
    await happens('connect', socket, signal);
    if (socket.remoteAddress === undefined) throw new Broken('ECONNRESET');
    context.targets.checked(socket.remoteAddress);
    return await use(socket);
  } finally {
    socket.destroy();
    context.onWire(wireBytes(socket.bytesRead + socket.bytesWritten));
  }
}

/** What a TLS handshake came to. */
export interface TlsFacts {
  version: string | null;
  /** The name that IANA gave it. */
  cipher: string | null;
  alpn: string | null;
  /** Whether the probe trusts the certificate, and it is for this name; null before the handshake's end. */
  authorized: boolean | null;
  authorization_error: string | null;
  /** Null where the handshake did not get that far. */
  client_certificate_requested: boolean | null;
}

interface TlsOrder {
  /** What the certificate has to be for; a host name is sent as SNI, an address is not (RFC 6066). */
  name: string;
  alpn: readonly string[];
  /** Whom the probe trusts, and the versions that it speaks. */
  secureContext: SecureContext;
  /** Told at the end of the handshake, be it an error, what the server has said. */
  onFlight: (flight: Flight) => void;
}

/**
 * Does a TLS handshake (1.2 or 1.3) on an open connection. A certificate that is not to be trusted is a finding, not an error.
 * @param use what is done with the session, and the time that the handshake took, in ms; then it is closed
 * @throws Broken, or the error of the TLS library
 */
export async function withTls<T>(
  socket: Socket,
  { name, alpn, secureContext, onFlight }: TlsOrder,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  use: (secure: TLSSocket, tookMs: number) => Promise<T> | T,
): Promise<T> {
  const elapsed = stopwatch(clock);
  const host = name.replace(/\.$/, '');
  const tap = new Tap(socket);
  const secure = connectTls({
    socket: tap,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
    secureContext,
    rejectUnauthorized: false,
    checkServerIdentity: (expected, certificate) => {
      try {
        return checkServerIdentity(expected, certificate);
      } catch (error) {
        return error instanceof Error ? error : new Error(messageOf(error));
      }
    },
  });
  let secret: Buffer | null = null;
  secure.on('keylog', (line: Buffer) => {
    secret ??= handshakeSecret(line);
  });
  try {
    let tookMs = 0;
    try {
      await happens('secureConnect', secure, signal);
      tookMs = elapsed();
    } finally {
      onFlight(readFlight(tap.releaseKept(), secret));
    }
    return await use(secure, tookMs);
  } finally {
    secure.destroy();
    tap.destroy();
  }
}

const SECRET_LINE = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [\da-f]+ ([\da-f]+)\s*$/;

/** What opens the server's part of a handshake of TLS 1.3, in the form of SSLKEYLOGFILE (RFC 9850). */
function handshakeSecret(line: Buffer): Buffer | null {
  const [, secret] = SECRET_LINE.exec(line.toString('latin1')) ?? [];
  return secret === undefined ? null : Buffer.from(secret, 'hex');
}

/** What is known of a handshake that did not come to its end. */
export function factsOfFlight({ version, cipher, alpn, clientCertificateRequested }: Flight): TlsFacts {
  return {
    version,
    cipher,
    alpn,
    authorized: null,
    authorization_error: null,
    client_certificate_requested: clientCertificateRequested,
  };
}

/** What a handshake came to. */
export function factsOf(secure: TLSSocket): Omit<TlsFacts, 'client_certificate_requested'> {
  return {
    version: secure.getProtocol(),
    cipher: secure.getCipher().standardName,
    alpn: typeof secure.alpnProtocol === 'string' ? secure.alpnProtocol : null,
    authorized: secure.authorized,
    // node's types have an Error here; it is a word
    authorization_error: secure.authorized ? null : wordFor(String(secure.authorizationError)),
  };
}

/**
 * Waits for what a server says at once when the client is done: in TLS 1.3 it looks at the client's part only then (RFC 8446,
 * appendix E.1). A session ticket, data and an end say that there was nothing wrong.
 * @param waitMs how long, if nothing comes
 * @throws the alert that came, or the error of the system
 */
export async function afterHandshake(
  secure: TLSSocket,
  waitMs: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  if (secure.errored !== null) throw secure.errored;
  await new Promise<void>((resolve, reject) => {
    const timer = clock.setTimer(resolve, waitMs);
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    secure.once('error', (error: Error) => {
      timer.cancel();
      reject(error);
    });
    for (const event of ['session', 'data', 'end', 'close']) secure.once(event, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Waits for an event of a socket. @throws its error, ECONNRESET when it closes before, the signal's reason */
function happens(event: 'connect' | 'secureConnect', socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(reasonOf(signal));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    socket.once(event, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    // Stays: an error that nobody listens for ends the process.
    socket.on('error', reject);
    socket.once('close', () => {
      reject(new Broken('ECONNRESET'));
    });
  });
}

export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Broken('stopped');
}
