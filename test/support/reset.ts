import { type Socket } from 'node:net';

/**
 * Ends a connection with a reset, where that is possible. Once `end` is on its way libuv refuses it, and Node neither
 * closes such a socket nor lets the process end (seen with 20.20): then the connection is closed plainly.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
