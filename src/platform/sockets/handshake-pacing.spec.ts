import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { type IncomingMessage, type Server } from 'node:http';
import { atTheDoor, HandshakePacing } from './handshake-pacing.js';

/** More than are let in at one time. */
const CROWD = 1000;

class FakeConnection extends EventEmitter {
  destroyed = false;
  constructor(private readonly early: (Buffer | null)[] = []) {
    super();
  }
  read(): Buffer | null {
    return this.early.shift() ?? null;
  }
  unshift(chunk: Buffer): void {
    this.early.unshift(chunk);
  }
  destroy(): void {
    this.destroyed = true;
  }
}

interface Client {
  request: IncomingMessage;
  connection: FakeConnection;
  answer: boolean | undefined;
}

function knock(
  pacing: HandshakePacing,
  work: () => void = () => undefined,
  url = '/socket.io/?EIO=4',
): Client {
  const connection = new FakeConnection();
  const request = { socket: connection, upgrade: true, url } as unknown as IncomingMessage;
  const client: Client = { request, connection, answer: undefined };
  pacing.allowRequest(request, (_error, success) => {
    client.answer = success;
    work();
  });
  return client;
}

const turn = () => new Promise(setImmediate);

/** As long as anybody moves. */
async function untilQuiet(clients: Client[]): Promise<number> {
  let before = -1;
  let inside = clients.filter(({ answer }) => answer === true).length;
  while (inside > before) {
    before = inside;
    for (let turns = 0; turns < 20; turns += 1) await turn();
    inside = clients.filter(({ answer }) => answer === true).length;
  }
  return inside;
}

describe('HandshakePacing', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(() => {
    // no time passes but what a test lets pass
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** A crowd of which some have to wait; those who are inside hold their places. */
  async function full() {
    const pacing = new HandshakePacing();
    const crowd = Array.from({ length: CROWD }, () => knock(pacing));
    const inside = await untilQuiet(crowd);
    for (const { request } of crowd.slice(0, inside)) atTheDoor(request);
    return { pacing, crowd, inside };
  }

  it('lets a lone client in at once', () => {
    expect(knock(new HandshakePacing()).answer).toBe(true);
  });

  it('lets a bounded number in, the others in the order of coming as places come free', async () => {
    const { pacing, crowd, inside } = await full();
    expect([inside > 10, inside < CROWD, pacing.waiting]).toEqual([true, true, CROWD - inside]);
    for (const { request } of crowd.slice(0, 10)) {
      // leaving twice is leaving once: one place, and one more because that was quick
      atTheDoor(request).leave();
      atTheDoor(request).leave();
    }
    expect(await untilQuiet(crowd)).toBe(inside + 20);
    expect(crowd.map(({ answer }) => answer === true)).toEqual(crowd.map((_client, n) => n < inside + 20));
  });

  it('lets fielded clients go first, which wait for 5 s only', async () => {
    const { pacing, crowd, inside } = await full();
    const fielded = knock(pacing, undefined, '/socket.io/?token=x&EIO=4');
    expect(pacing.waiting).toBe(CROWD - inside + 1);
    atTheDoor(crowd[0]!.request).leave();
    await untilQuiet([...crowd, fielded]);
    expect(fielded.answer).toBe(true);
  });

  it('lets fewer in at one time where it takes long, but always some', async () => {
    const { crowd, inside } = await full();
    jest.advanceTimersByTime(5000);
    for (const { request } of crowd.slice(0, inside)) atTheDoor(request).leave();
    const more = (await untilQuiet(crowd)) - inside;
    expect([more > 0, more < inside]).toEqual([true, true]);
  });

  it('does not keep the place of one who asks for no namespace', async () => {
    const { crowd, inside } = await full();
    const silent = knock(new HandshakePacing());
    expect(silent.answer).toBe(true);
    jest.advanceTimersByTime(60_000);
    // all who are inside have asked: their places are theirs until they leave
    expect(await untilQuiet(crowd)).toBe(inside);
    const pacing = new HandshakePacing();
    const silents = Array.from({ length: CROWD }, () => knock(pacing));
    const before = await untilQuiet(silents);
    jest.advanceTimersByTime(1000);
    expect(await untilQuiet(silents)).toBe(2 * before);
  });

  it('frees the place of one whose connection is over', async () => {
    const { crowd, inside } = await full();
    crowd[0]!.connection.emit('close');
    expect(await untilQuiet(crowd)).toBeGreaterThan(inside);
  });

  it('does not let in who has given up, and hangs up on them', async () => {
    const { crowd, inside } = await full();
    const [impatient, next] = crowd.slice(inside) as [Client, Client];
    impatient.connection.emit('end');
    atTheDoor(crowd[0]!.request).leave();
    await untilQuiet(crowd);
    expect([impatient.answer, impatient.connection.destroyed]).toEqual([undefined, true]);
    expect(next.answer).toBe(true);
  });

  it('hangs up on those who wait when the server goes away', async () => {
    const { pacing, crowd, inside } = await full();
    pacing.clear();
    expect(pacing.waiting).toBe(0);
    expect(crowd.filter(({ connection }) => connection.destroyed)).toHaveLength(CROWD - inside);
    for (const { request } of crowd.slice(0, inside)) atTheDoor(request).leave();
    expect(await untilQuiet(crowd)).toBe(inside);
  });

  it('gives everything else a turn between those that it lets in', async () => {
    const pacing = new HandshakePacing();
    const work = () => {
      jest.advanceTimersByTime(3);
    };
    const crowd = Array.from({ length: 50 }, () => knock(pacing, work));
    // all came in one turn of the loop: without a bound all would have been served in it
    const atOnce = crowd.filter(({ answer }) => answer === true).length;
    expect([atOnce > 0, atOnce < crowd.length]).toEqual([true, true]);
    expect(await untilQuiet(crowd)).toBe(crowd.length);
  });

  it('lets hardly anybody in while connections wait to be accepted: they may be users', async () => {
    const server = new EventEmitter();
    const pacing = new HandshakePacing();
    pacing.watch(server as Server);
    const crowd: Client[] = [];
    const work = () => {
      jest.advanceTimersByTime(1);
    };
    for (let came = 0; came < 90; came += 1) {
      server.emit('connection');
      crowd.push(knock(pacing, work));
      jest.advanceTimersByTime(4);
      await turn();
    }
    const meanwhile = crowd.filter(({ answer }) => answer === true).length;
    // somebody always gets in: connections may never stop coming
    expect([meanwhile > 2, meanwhile < 40]).toEqual([true, true]);
    expect(await untilQuiet(crowd)).toBe(90);
  });
});
