import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Logger } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { type Namespace, type Socket } from 'socket.io';
import { checkIn } from './check-in.js';

type Middleware = (socket: Socket, next: (error?: Error) => void) => void;

describe('checkIn, a database that is away', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('notes a good-bye once, when the database is back if it was away', async () => {
    let admit: Middleware = () => undefined;
    const namespace = { use: (middleware: Middleware) => (admit = middleware) } as unknown as Namespace;
    let tries = 0;
    checkIn(namespace, {
      logger: { error: () => undefined, warn: () => undefined } as unknown as Logger,
      open: () => Promise.resolve({ session: 1 }),
      close: () => {
        tries += 1;
        return tries < 3 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
      },
    });
    const request = { headers: {}, connection: {} };
    const conn = Object.assign(new EventEmitter(), { readyState: 'open', request });
    const socket = Object.assign(new EventEmitter(), { data: {}, conn, handshake: {} }) as unknown as Socket;
    await new Promise<void>((resolve) => {
      admit(socket, () => {
        resolve();
      });
    });
    (socket as unknown as EventEmitter).emit('disconnect', 'transport close');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(tries).toBe(3);
  });
});
