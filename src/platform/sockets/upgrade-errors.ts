import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';

/**
 * Hears the errors of connections that ask for another protocol. Node stops listening to them once it has read such a request, and
 * engine.io listens to those that it serves alone: a client that hung up at once would end the process.
 */
export function hearUpgradeErrors(server: Pick<Server, 'on'>): void {
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {
      // `close` follows, and tells whoever serves the connection
    });
  });
}
