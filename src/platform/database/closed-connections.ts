import { Connection } from 'mongodb/lib/cmap/connection.js';
import mongoose from 'mongoose';

const { MongoError, MongoNetworkError } = mongoose.mongo;

export type DriverConnection = Pick<Connection, 'id' | 'error' | 'once' | 'removeListener' | 'onError'>;
export type WriteCommand = (
  this: DriverConnection,
  ...written: Parameters<Connection['writeCommand']>
) => Promise<unknown>;

/**
 * The driver's way to write a command, which ends when the connection is closed meanwhile. As it is (7.8.0, and 7.9.0), a command
 * for a socket that is closed, of which the driver has not heard yet, waits for `drain` for ever: no time limit counts while it is
 * written. Whoever waits for it, and all who wait for their turn behind them, wait as long. And what the socket says of such a
 * write comes as an error of Node, which neither the driver nor `isDatabaseAway` takes for a lost connection (docs/adr/0059).
 */
export function endingWithConnection(write: WriteCommand): WriteCommand {
  return async function writeCommand(command, options) {
    let isClosed = (): void => undefined;
    const closed = new Promise<never>((_resolve, reject) => {
      isClosed = () => {
        reject(this.error ?? new MongoNetworkError(`connection ${String(this.id)} closed`));
      };
    });
    this.once('close', isClosed);
    try {
      return await Promise.race([write.call(this, command, options), closed]);
    } catch (error) {
      if (error instanceof MongoError || error === options.signal?.reason) throw error;
      const cause = error instanceof Error ? error : new Error(String(error));
      const lost = new MongoNetworkError(cause.message, { cause });
      this.onError(lost);
      throw lost;
    } finally {
      this.removeListener('close', isClosed);
    }
  };
}

// the driver must be the one that mongoose uses: package.json names its version, and a test compares them
// oxlint-disable-next-line typescript/unbound-method
Connection.prototype.writeCommand = endingWithConnection(Connection.prototype.writeCommand);
