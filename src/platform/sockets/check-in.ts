import { type Logger } from '@nestjs/common';
import { type IncomingMessage } from 'node:http';
import { DomainError } from '../errors/domain.error.js';
import { type Route } from '../http/client-address.js';
import { atTheDoor } from './handshake-pacing.js';
import { type ExtendedError, type Namespace, type Socket } from 'socket.io';

/** Why a handshake is refused: the CONNECT_ERROR's message, and its data. */
export interface Refusal {
  code: string;
  message: string;
}

/** How a client has come. */
export function routeOf({ handshake: { address, headers } }: Pick<Socket, 'handshake'>): Route {
  return { peer: address, forwardedFor: headers['x-forwarded-for'] };
}

interface Gate<Open extends object> {
  logger: Logger;
  open(socket: Socket): Promise<Open | Refusal>;
  close(open: Open, reason: string): Promise<void>;
}

/** What Socket.IO reads of the request of a connection. */
interface KnownRequest {
  headers: IncomingMessage['headers'];
  _query: unknown;
  socket: IncomingMessage['socket'];
}

/** What any namespace, or Socket.IO itself, reads of the headers. */
const READ_HEADERS = [
  ...['origin', 'x-forwarded-for'],
  ...['total_credits', 'total-credits', 'in_use_credits', 'in-use-credits'],
];

/** A refused client waits for the server to hang up; it gets the refusal first. */
const HANG_UP_MS = 500;
/** A good-bye that could not be noted (the database was away) is tried again: the probe would be shown as here for ever. */
const NOTE_AGAIN_MS = 5000;

/**
 * Checks who comes before the connection exists: what `open` gives stands in `socket.data.open`. Each one that was opened is
 * closed once, also when the client is gone before it was connected.
 */
export function checkIn<Open extends object>(namespace: Namespace, gate: Gate<Open>): void {
  namespace.use((socket, next) => {
    const door = atTheDoor(socket.request);
    admit(socket, gate)
      .finally(door.leave)
      .then(
        (refusal) => {
          if (refusal === undefined) {
            next();
            return;
          }
          gate.logger.warn(
            { code: refusal.code, from: socket.handshake.address },
            'a connection was refused',
          );
          next(connectError(refusal));
          hangUpSoon(socket);
        },
        (error: unknown) => {
          if (error instanceof DomainError) {
            gate.logger.warn({ code: error.code }, 'a connection was refused');
            next(connectError({ code: error.code, message: error.message }));
            hangUpSoon(socket);
            return;
          }
          gate.logger.error({ err: error }, 'a handshake failed');
          next(
            connectError({
              code: 'unavailable',
              message: 'The server cannot check the token now; try again',
            }),
          );
          hangUpSoon(socket);
        },
      );
  });
}

async function admit<Open extends object>(socket: Socket, gate: Gate<Open>): Promise<Refusal | undefined> {
  const answer = await gate.open(socket);
  if (isRefusal(answer)) return answer;
  (socket.data as { open?: Open }).open = answer;
  let closed = false;
  const close = (reason: string) => {
    if (closed) return;
    closed = true;
    noteGoodBye(answer, reason, gate);
  };
  socket.once('disconnect', close);
  // the transport may end before the namespace is connected: then there is no `disconnect`
  socket.conn.once('close', () => {
    setImmediate(close, 'transport close');
  });
  if (socket.conn.readyState !== 'open') close('transport close');
  forgetRequest(socket);
  return undefined;
}

/**
 * The request of the handshake would stay with its headers for as long as the connection. Of it is kept what the handshakes of further
 * namespaces of the connection are made of.
 */
function forgetRequest({ conn, handshake }: Pick<Socket, 'conn' | 'handshake'>): void {
  const { headers, _query, socket } = conn.request as unknown as KnownRequest;
  const read = READ_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  const kept = {
    url: '',
    _query,
    // by both names, as a request has it: Socket.IO asks whether it is encrypted, and who is cut off loses it
    socket,
    connection: socket,
    headers: Object.fromEntries(read) as IncomingMessage['headers'],
  };
  conn.request = kept as unknown as typeof conn.request;
  Object.assign(handshake, { headers: kept.headers, url: kept.url });
}

function noteGoodBye<Open extends object>(open: Open, reason: string, gate: Gate<Open>): void {
  gate.close(open, reason).catch((error: unknown) => {
    gate.logger.error({ err: error }, 'a good-bye was not noted; trying again');
    setTimeout(noteGoodBye<Open>, NOTE_AGAIN_MS, open, reason, gate).unref();
  });
}

function hangUpSoon(socket: Socket): void {
  setTimeout(() => {
    socket.conn.close();
  }, HANG_UP_MS).unref();
}

function connectError({ code, message }: Refusal): ExtendedError {
  const error: ExtendedError = new Error(message);
  error.data = { code, message };
  return error;
}

function isRefusal(answer: object): answer is Refusal {
  return 'code' in answer && 'message' in answer;
}
