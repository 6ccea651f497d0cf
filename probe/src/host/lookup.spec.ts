import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import packet from 'dns-packet';
import { afterEach, describe, expect, test } from '@jest/globals';
import { resolveBy } from './lookup.js';
import type { Nameserver } from './resolvers.js';

type Reply =
  | { answers?: packet.Answer[]; rcode?: number; change?: (message: Buffer) => Buffer }
  | 'nothing'
  | 'noise';
const BOTH = new Set([4, 6]);
const withoutRecursion = (message: Buffer): Buffer => {
  message.writeUInt8(message.readUInt8(3) & 0x7f, 3);
  return message;
};
const signal = new AbortController().signal;

describe('asking resolvers for the addresses of a name', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  /** A resolver that answers by type. */
  async function serve(replies: { A: Reply; AAAA: Reply }): Promise<Nameserver> {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.on('message', (query, from) => {
      const { id, questions = [] } = packet.decode(query);
      const reply = replies[questions[0]?.type === 'AAAA' ? 'AAAA' : 'A'];
      if (reply === 'nothing') return;
      const head = { type: 'response' as const, ...(id !== undefined && { id }), questions };
      const message = packet.encode({ ...head, answers: reply === 'noise' ? [] : (reply.answers ?? []) });
      // a resolver that does recursion
      if (reply !== 'noise') message.writeUInt8(0x80 | (reply.rcode ?? 0), 3);
      // says that an answer follows, and ends
      else message.writeUInt16BE(1, 6);
      const change = typeof reply === 'object' ? reply.change : undefined;
      socket.send(change?.(message) ?? message, from.port, from.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return { address: '127.0.0.1', port: socket.address().port };
  }

  const a = { type: 'A' as const, name: 'real.example', ttl: 1, data: '192.0.2.1' };
  const aaaa = { type: 'AAAA' as const, name: 'real.example', ttl: 1, data: '2001:db8::1' };
  const alias = { type: 'CNAME' as const, name: 'a.example', ttl: 1, data: 'real.example' };
  const good = { A: { answers: [alias, a] }, AAAA: { answers: [alias, aaaa] } };
  const ask = (servers: Nameserver[], families = BOTH) => resolveBy(servers, 'a.example.', families, signal);

  test('gives those of both families, IPv4 first, behind an alias too', async () => {
    const server = await serve(good);
    expect(await ask([server])).toEqual({ addresses: ['192.0.2.1', '2001:db8::1'], absent: null, lost: [] });
    expect(await ask([server], new Set([6]))).toEqual({ addresses: ['2001:db8::1'], absent: null, lost: [] });
  });

  test.each([
    [{ rcode: 3 }, 'NXDOMAIN'],
    [{}, 'NODATA'],
    [{ answers: [alias] }, 'NODATA'],
  ])('%j is an answer about the name', async (reply, absent) => {
    expect(await ask([await serve({ A: reply, AAAA: reply })])).toEqual({ addresses: [], absent, lost: [] });
  });

  test('an address is that of the name, or of what its aliases lead to, in whatever order', async () => {
    const further = { ...alias, name: 'real.example', data: 'Last.example' };
    const last = { ...a, name: 'last.EXAMPLE' };
    const stranger = { ...a, name: 'other.example', data: '192.0.2.99' };
    const server = await serve({ A: { answers: [stranger, last, further, alias] }, AAAA: {} });
    expect((await ask([server])).addresses).toEqual(['192.0.2.1']);
    const round = { ...alias, name: 'real.example', data: 'a.example' };
    expect((await ask([await serve({ A: { answers: [alias, round] }, AAAA: {} })])).absent).toBe('NODATA');
    const { addresses, lost } = await ask([await serve({ A: { answers: [stranger] }, AAAA: {} })]);
    expect(addresses).toEqual([]);
    expect(lost).toMatchObject([{ detail: expect.stringMatching(/: an answer for another name$/) }]);
  });

  // RFC 2308, section 2.2: no answer, no SOA; neither authoritative nor recursive
  test('a referral says nothing of the name', async () => {
    const referring = await serve({ A: { change: withoutRecursion }, AAAA: { change: withoutRecursion } });
    const { addresses, absent, lost } = await ask([referring]);
    expect({ addresses, absent }).toEqual({ addresses: [], absent: null });
    expect(lost[0]?.detail).toBe(`A: 127.0.0.1:${referring.port}: a referral, no answer`);
    expect((await ask([referring, await serve(good)])).addresses).toEqual(['192.0.2.1', '2001:db8::1']);
  });

  test('the next resolver is asked where one refuses, fails or sends noise', async () => {
    const failing = [{ rcode: 2 }, { rcode: 5 }, 'noise'] as const;
    for (const reply of failing) {
      const servers = [await serve({ A: reply, AAAA: reply }), await serve(good)];
      expect((await ask(servers)).addresses).toEqual(['192.0.2.1', '2001:db8::1']);
    }
  });

  test('what nobody answered is told by question, resolver and error', async () => {
    const [one, two] = [await serve({ ...good, A: { rcode: 2 } }), await serve({ ...good, A: 'noise' })];
    const closed = createSocket('udp4');
    await new Promise<void>((resolve) => closed.bind(0, '127.0.0.1', resolve));
    const gone = { address: '127.0.0.1', port: closed.address().port };
    closed.close();
    const { addresses, absent, lost } = await ask([one, two, gone]);
    expect({ addresses, absent }).toEqual({ addresses: ['2001:db8::1'], absent: null });
    const [name, other, third] = [one, two, gone].map(({ port }) => `127.0.0.1:${port}`);
    const detail = `A: ${name}: SERVFAIL, ${other}: the answer cannot be read: the message ends early, ${third}: ECONNREFUSED`;
    expect(lost).toEqual([{ family: 4, detail }]);
  });

  /** Of the header and the question: what has less answers no question. */
  const HEAD = 12 + 'a.example'.length + 2 + 4;

  test('an answer that was cut or damaged anywhere is none, or gives addresses; nothing escapes', async () => {
    const { length } = packet.encode({
      type: 'response',
      questions: [{ name: 'a.example', type: 'A' }],
      answers: [alias, a],
    });
    const cuts = Array.from(
      { length: length - HEAD + 1 },
      (_, n) => (message: Buffer) => message.subarray(0, HEAD + n),
    );
    const bytes = Array.from({ length: length - HEAD }, (_, n) => (message: Buffer) => {
      const damaged = Buffer.from(message);
      damaged.writeUInt8((damaged.readUInt8(HEAD + n) + 0xb7) & 0xff, HEAD + n);
      return damaged;
    });
    for (const change of [...cuts, ...bytes]) {
      const server = await serve({ A: { answers: [alias, a], change }, AAAA: {} });
      const { addresses, lost } = await ask([server], new Set([4]));
      expect(addresses.every((address) => isIP(address) === 4)).toBe(true);
      expect(addresses.length + lost.length).toBeLessThanOrEqual(1);
    }
  });

  test('silence is a time-out', async () => {
    const server = await serve({ A: 'nothing', AAAA: { rcode: 3 } });
    const { absent, lost } = await ask([server]);
    expect(absent).toBe('NXDOMAIN');
    expect(lost).toEqual([{ family: 4, detail: `A: 127.0.0.1:${server.port}: timeout` }]);
  });
});
