import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { isDatabaseAway } from '../errors/database-errors.js';
import { endingWithConnection, type WriteCommand } from './closed-connections.js';

class FakeConnection extends EventEmitter {
  readonly id = 7;
  error: Error | null = null;
  readonly errors: Error[] = [];

  onError(error: Error): void {
    this.errors.push(error);
  }

  close(): void {
    this.emit('close');
  }
}

const never: WriteCommand = () => new Promise(() => undefined);
const saying =
  (error: Error): WriteCommand =>
  () =>
    Promise.reject(error);

describe('a command that is written', () => {
  it('is written as the driver does it', async () => {
    const connection = new FakeConnection();
    const seen: unknown[] = [];
    const write = endingWithConnection(function (command, options) {
      seen.push(this, command, options);
      return Promise.resolve('written');
    });
    const options = {};
    await expect(write.call(connection, 'ping', options)).resolves.toBe('written');
    expect(seen).toEqual([connection, 'ping', options]);
    expect(connection.listenerCount('close')).toBe(0);
  });

  it('fails when its connection is closed before it is written, as one that is lost', async () => {
    const connection = new FakeConnection();
    const written = endingWithConnection(never).call(connection, 'ping', {});
    connection.close();
    const error: unknown = await written.catch((reason: unknown) => reason);
    expect(isDatabaseAway(error)).toBe(true);
    expect(connection.listenerCount('close')).toBe(0);
  });

  it('fails with what closed the connection, where that is known', async () => {
    const connection = new FakeConnection();
    const written = endingWithConnection(never).call(connection, 'ping', {});
    connection.error = new Error('the pool was cleared');
    connection.close();
    await expect(written).rejects.toThrow('the pool was cleared');
  });

  it('fails as one that is lost where the socket says that the other end has gone', async () => {
    const connection = new FakeConnection();
    const gone = Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' });
    const error: unknown = await endingWithConnection(saying(gone))
      .call(connection, 'ping', {})
      .catch((reason: unknown) => reason);
    expect(isDatabaseAway(error)).toBe(true);
    expect(error).toMatchObject({ message: gone.message, cause: gone });
    expect(connection.errors).toEqual([error]);
  });

  it('says what it was given up for by its caller', async () => {
    const giveUp = new AbortController();
    giveUp.abort(new Error('not needed any more'));
    const write = endingWithConnection(saying(giveUp.signal.reason as Error));
    await expect(write.call(new FakeConnection(), 'ping', { signal: giveUp.signal })).rejects.toBe(
      giveUp.signal.reason,
    );
  });

  it('is that of the driver that mongoose uses', () => {
    const own = createRequire(import.meta.url);
    const connection = 'mongodb/lib/cmap/connection.js';
    expect(own.resolve(connection)).toBe(createRequire(own.resolve('mongoose')).resolve(connection));
  });
});
