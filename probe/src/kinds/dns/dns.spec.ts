import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import packet from 'dns-packet';
import { message, opt } from '../../../test/support/dns.wire.js';
import { FakeDns } from '../../../test/support/fake.dns.js';
import { runContext } from '../../../test/support/run.context.js';
import { ScriptedUdp } from '../../../test/support/scripted.dns.js';
import { dnsParams } from '../../dns/dns.params.js';
import { dns } from './index.js';
import { encodeQuery, mismatch, reverseName } from '../../dns/message.js';

interface Query {
  name: string;
  type: string;
  transport: string;
  rtt_ms: number | null;
  query: string;
  response: string | null;
  error: string | null;
}

describe('dns', () => {
  let server: FakeDns;
  let wire: number;

  beforeEach(async () => {
    wire = 0;
    server = await FakeDns.start();
  });
  afterEach(() => server.close());

  async function measure(
    params: object,
    allow = ['127.0.0.0/8'],
    resolve?: (name: string) => Promise<string[]>,
  ): Promise<Query[]> {
    const read = dnsParams.parse({ resolver: '127.0.0.1', resolver_port: server.port, ...params });
    const context = runContext({
      allow,
      ...(resolve && { resolve }),
      onWire: (bytes) => {
        wire += bytes;
      },
    });
    const content = await dns.measure(read, context);
    return (JSON.parse(content.toString()) as { queries: Query[] }).queries;
  }

  test('asks for each name as often as a list has it, in order', async () => {
    const queries = await measure({
      fqdns: ['a.example', 'b.example', 'a.example'],
      name: ['b.example', 'c.example', 'b.example'],
    });
    expect(queries.map(({ name }) => name)).toEqual([
      'a.example',
      'b.example',
      'a.example',
      'c.example',
      'b.example',
    ]);
    const [first] = queries;
    expect(first).toMatchObject({
      type: 'A',
      class: 'IN',
      transport: 'udp',
      error: null,
      rtt_ms: expect.any(Number),
      connect_ms: null,
      ignored: 0,
    });
    expect(packet.decode(Buffer.from(first!.response!, 'base64')).answers).toMatchObject([
      { data: '192.0.2.1' },
    ]);
  });

  test('counts what goes over the wire', async () => {
    const [query] = await measure({ fqdns: ['a.example'] });
    const bytes = (text: string | null): number => Buffer.from(text ?? '', 'base64').length;
    expect(wire).toBe(bytes(query!.query) + bytes(query!.response) + 2 * 48);
  });

  test('a truncated answer is asked for again over TCP, and both are told', async () => {
    server.behaviour = 'truncate';
    const queries = await measure({ fqdns: ['a.example'] });
    expect(queries.map(({ transport, error }) => [transport, error])).toEqual([
      ['udp', null],
      ['tcp', null],
    ]);
  });

  test('answers to another question or with another id are passed over', async () => {
    server.behaviour = 'spoof_first';
    const [query] = await measure({ fqdns: ['a.example'] });
    expect(query).toMatchObject({ ignored: 2 });
    const response = packet.decode(Buffer.from(query!.response!, 'base64'));
    expect(response.questions).toMatchObject([{ name: 'a.example' }]);
    expect(response.id).toBe(packet.decode(Buffer.from(query!.query, 'base64')).id);
  });

  test('a resolver that the host denies is not asked', async () => {
    await expect(measure({ fqdns: ['a.example'] }, [])).rejects.toMatchObject({ reason: 'refused' });
    expect(server.asked).toBe(0);
  });

  test('a resolver that is a name is looked up, and held against what the host allows', async () => {
    const names: string[] = [];
    const resolve = (name: string) => {
      names.push(name);
      return Promise.resolve(['127.0.0.1']);
    };
    const ask = { fqdns: ['a.example', 'b.example'], resolver: 'ns.example', ipv4: '' };
    const queries = await measure(ask, undefined, resolve);
    expect(queries).toMatchObject([
      { name: 'a.example', resolver: '127.0.0.1', error: null },
      { name: 'b.example', resolver: '127.0.0.1', error: null },
    ]);
    expect(names).toEqual(['ns.example']);
    await expect(measure(ask, ['192.0.2.0/24'], resolve)).rejects.toMatchObject({ reason: 'refused' });
    expect(server.asked).toBe(2);
  });

  test('nobody there: the error of the system, after three attempts', async () => {
    const gone = await FakeDns.start();
    const { port } = gone;
    await gone.close();
    const queries = await measure({ fqdns: ['a.example'], resolver_port: port });
    expect(queries).toHaveLength(3);
    expect(queries[0]).toMatchObject({ response: null, rtt_ms: null, error: 'ECONNREFUSED' });
  });

  test('a truncated answer, and nobody there over TCP: both are told', async () => {
    const udp = await ScriptedUdp.start((query) => {
      const answer = Buffer.from(query);
      answer.writeUInt16BE(0x8200, 2);
      return [answer];
    });
    const queries = await measure({ fqdns: ['a.example'], resolver_port: udp.port });
    await udp.close();
    expect(queries).toMatchObject([
      { transport: 'udp', error: null, rtt_ms: expect.any(Number) },
      { transport: 'tcp', error: 'ECONNREFUSED', rtt_ms: null, response: null },
    ]);
  });

  test('an answer that cannot be read is no answer, and is kept', async () => {
    // An OPT record with half an option: the upper bits of the response code are not known.
    const udp = await ScriptedUdp.start((query) => [
      message({
        id: query.readUInt16BE(0),
        question: { name: 'a.example', type: 1 },
        additionals: [opt(0, 0, Buffer.alloc(3))],
      }),
    ]);
    const queries = await measure({ fqdns: ['a.example'], resolver_port: udp.port });
    await udp.close();
    expect(queries).toHaveLength(3);
    for (const query of queries)
      expect(query).toMatchObject({
        response: expect.any(String),
        rtt_ms: null,
        error: 'the answer cannot be read: an OPT record with half an option',
      });
  });

  test('a question of any class and type', async () => {
    const asked: Buffer[] = [];
    const udp = await ScriptedUdp.start((query) => {
      asked.push(query);
      const answer = Buffer.from(query);
      answer.writeUInt16BE(0x8000, 2);
      return [answer];
    });
    const ask = { fqdns: ['id.server'], resolver_port: udp.port };
    const queries = [
      ...(await measure({ ...ask, type: 'txt', class: 'ch' })),
      ...(await measure({ ...ask, type: 'TYPE65280' })),
      ...(await measure({ ...ask, type: 61_440 })),
    ];
    await udp.close();
    expect(queries).toMatchObject([
      { type: 'TXT', class: 'CH', error: null },
      { type: 'TYPE65280', class: 'IN', error: null },
      { type: 'DELEG', class: 'IN', error: null },
    ]);
    // Type and class stand behind the 12 bytes of the header and the 11 of the name (RFC 1035, section 4.1.2).
    expect(asked.map((query) => [query.readUInt16BE(23), query.readUInt16BE(25)])).toEqual([
      [16, 3],
      [65_280, 1],
      [61_440, 1],
    ]);
  });

  test('no way to the resolver: nothing was sent, and the probe lives on', async () => {
    // A link-local group without an interface: no host has a route to it.
    await expect(measure({ fqdns: ['a.example'], resolver: 'ff02::1' }, ['ff02::/16'])).rejects.toMatchObject(
      {
        reason: 'nothing_sent',
        message: expect.stringMatching(/^this probe has no IPv6 route to ff02::1 \(E[A-Z]+\)$/),
      },
    );
  });

  test('a local address in the IPv6 form of an IPv4 address is the IPv4 address', async () => {
    const [query] = await measure({ fqdns: ['a.example'], address: '::ffff:127.0.0.1' });
    expect(query).toMatchObject({ error: null });
  });

  test('a local address that is not ours', async () => {
    await expect(measure({ fqdns: ['a.example'], address: '192.0.2.77' })).rejects.toMatchObject({
      reason: 'bad_params',
    });
  });

  test('a reverse lookup', async () => {
    const queries = await measure({ fqdns: ['a.example'], x: '192.0.2.7' });
    expect(queries.at(-1)).toMatchObject({ name: '7.2.0.192.in-addr.arpa', type: 'PTR', error: null });
  });
});

describe('messages', () => {
  const params = dnsParams.parse({
    fqdns: ['a.example'],
    do: '',
    nsid: '',
    udp_size: 1400,
    rd: false,
    cd: '',
  });

  test('carry the flags and options that were asked for', () => {
    const query = packet.decode(encodeQuery({ name: 'a.example', type: 65 }, params));
    expect(query).toMatchObject({ flag_rd: false, flag_cd: true, questions: [{ type: 'UNKNOWN_65' }] });
    expect(query.additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: 1400, flag_do: true, options: [{ code: 3 }] },
    ]);
  });

  test('names compare without case; a query is no answer', () => {
    const query = encodeQuery({ name: 'A.Example', type: 1 }, params);
    const { id } = packet.decode(query);
    const reply = packet.encode({ type: 'response', id: id!, questions: [{ name: 'a.eXAMPLE', type: 'A' }] });
    expect(mismatch(reply, query)).toBeNull();
    expect(mismatch(query, query)).toBe('a query in the place of an answer');
    expect(mismatch(reply.subarray(0, 11), query)).toBe(
      'the answer cannot be read: 11 bytes are no DNS message',
    );
    expect(mismatch(reply.subarray(0, 20), query)).toBe('the answer cannot be read: the message ends early');
  });

  test('reverse names', () => {
    expect(reverseName('2001:db8::1')).toBe(
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
    );
  });

  test('types by number are those by word', () => {
    for (const type of ['axfr', 'TYPE252', 'type252', 252])
      expect(dnsParams.parse({ fqdns: ['a'], type }).type).toBe(252);
  });

  test('a zone transfer may use all its tries before its time is over', () => {
    const limitOf = (type: string): number => dns.timeLimitMs(dnsParams.parse({ fqdns: ['a'], type }));
    expect(limitOf('axfr')).toBeGreaterThan(3 * 30_000);
    expect(limitOf('a')).toBeGreaterThan(4 * 5_000);
  });

  test.each([
    [{ fqdns: [] }],
    [{ fqdns: ['a b'] }],
    [{ fqdns: ['a..b'] }],
    [{ fqdns: ['x'.repeat(64)] }],
    [{ fqdns: ['a'], type: 'bogus' }],
    [{ fqdns: ['a'], type: 'TYPE0' }],
    [{ fqdns: ['a'], type: 'TYPE65536' }],
    [{ fqdns: ['a'], type: 'TYPE251' }],
    [{ fqdns: ['a'], type: 41 }],
    [{ fqdns: ['a'], type: 1.5 }],
    [{ fqdns: ['a'], class: 'none' }],
    [{ fqdns: ['a'], address: 'eth0' }],
    [{ fqdns: ['a'], resolver: 'dns example' }],
    [{ fqdns: ['a'], resolver: '127.1' }],
  ])('%j is refused', (bad) => {
    expect(dnsParams.safeParse(bad).success).toBe(false);
  });
});
