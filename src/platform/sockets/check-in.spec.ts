import { describe, expect, it } from '@jest/globals';
import { type Logger } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { type ExtendedError, type Namespace, type Socket } from 'socket.io';
import { checkIn, type Refusal } from './check-in.js';

type Middleware = (socket: Socket, next: (error?: ExtendedError) => void) => void;

const HEADERS = {
  'x-forwarded-for': '198.51.100.7',
  origin: 'http://probe.example',
  total_credits: '100',
  'user-agent': 'probe/1',
};

const TCP = { encrypted: true };

class FakeSocket extends EventEmitter {
  data: { open?: object } = {};
  handshake = { address: '192.0.2.1', headers: HEADERS, url: '/socket.io/?token=secret' };
  conn = Object.assign(new EventEmitter(), {
    readyState: 'open',
    request: { headers: HEADERS, url: '/socket.io/?token=secret', _query: { EIO: '4' }, socket: TCP },
    close: () => this.conn.emit('close'),
  });
}

/** Lets one client knock. */
async function knock(open: () => Promise<object | Refusal>, socket = new FakeSocket()) {
  const closed: string[] = [];
  let middleware: Middleware | undefined;
  const namespace = { use: (given: Middleware) => (middleware = given) } as unknown as Namespace;
  const logger = { warn: () => undefined, error: () => undefined } as unknown as Logger;
  checkIn(namespace, { logger, open, close: (_open, reason) => Promise.resolve(void closed.push(reason)) });
  const error = await new Promise<ExtendedError | undefined>((resolve) => {
    middleware?.(socket as unknown as Socket, resolve);
  });
  return { socket, error, closed };
}

const turn = () => new Promise(setImmediate);

describe('checkIn', () => {
  it('lets in whom the gate opens for, and says good-bye once', async () => {
    const { socket, error, closed } = await knock(() => Promise.resolve({ who: 'ada' }));
    expect([error, socket.data.open]).toEqual([undefined, { who: 'ada' }]);
    socket.emit('disconnect', 'transport close');
    socket.conn.emit('close');
    await turn();
    expect(closed).toEqual(['transport close']);
  });

  it('keeps of the request of who is in what a further namespace of the connection needs', async () => {
    const { socket } = await knock(() => Promise.resolve({ who: 'ada' }));
    const { 'user-agent': _agent, ...headers } = HEADERS;
    expect(socket.conn.request).toEqual({
      headers,
      url: '',
      _query: { EIO: '4' },
      socket: TCP,
      connection: TCP,
    });
    expect(socket.handshake).toEqual({ address: '192.0.2.1', headers, url: '' });
  });

  it('refuses with a sentence and a code', async () => {
    const refusal = { code: 'invalid_token', message: 'Invalid token' };
    const { error, socket, closed } = await knock(() => Promise.resolve(refusal));
    expect([error?.message, error?.data]).toEqual(['Invalid token', refusal]);
    expect([socket.data.open, closed]).toEqual([undefined, []]);
  });

  it('refuses, and does not fall over, when it cannot check', async () => {
    const { error } = await knock(() => Promise.reject(new Error('no database')));
    expect(error?.data).toMatchObject({ code: 'unavailable' });
    expect(error?.message).not.toContain('database');
  });

  it('says good-bye to who left before the namespace was connected', async () => {
    const { socket, closed } = await knock(() => Promise.resolve({}));
    socket.conn.emit('close');
    await turn();
    expect(closed).toEqual(['transport close']);
  });

  it('says good-bye to who left while it was being checked', async () => {
    const socket = new FakeSocket();
    socket.conn.readyState = 'closed';
    expect((await knock(() => Promise.resolve({}), socket)).closed).toEqual(['transport close']);
  });
});
