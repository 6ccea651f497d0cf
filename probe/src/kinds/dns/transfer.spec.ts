import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DnsEntry, MAX_QUERIES } from '@pladmed/protocol';
import * as wire from '../../../test/support/dns.wire.js';
import { runContext } from '../../../test/support/run.context.js';
import { type Script, ScriptedDns } from '../../../test/support/scripted.dns.js';
import { type Clock, systemClock } from '../../clock/clock.js';
import { PROTOCOL } from '../../protocol/protocol.js';
import { dnsParams } from '../../dns/dns.params.js';
import { dns } from './index.js';

let server: ScriptedDns;
beforeAll(async () => {
  server = await ScriptedDns.start();
});
afterAll(() => server.close());

async function transfer(script: Script, more: object = {}, clock = systemClock()): Promise<DnsEntry[]> {
  server.script = script;
  const params = dnsParams.parse({
    fqdns: ['zone.example'],
    type: 'axfr',
    resolver: '127.0.0.1',
    resolver_port: server.port,
    ...more,
  });
  const content = await dns.measure(params, runContext({ clock }));
  expect(content.length).toBeLessThanOrEqual(PROTOCOL.maxBatchBytes);
  const { queries } = JSON.parse(content.toString()) as { queries: DnsEntry[] };
  expect(queries.length).toBeLessThanOrEqual(MAX_QUERIES);
  return queries;
}

/** Answers with these messages, each with the query's id, and leaves the connection open. */
const sends =
  (...messages: wire.Message[]): Script =>
  (query, socket) => {
    const id = query.readUInt16BE(0);
    socket.write(Buffer.concat(messages.map((each) => wire.frame(wire.message({ id, ...each })))));
  };
const closes =
  (...messages: wire.Message[]): Script =>
  (query, socket) => {
    sends(...messages)(query, socket);
    socket.end();
  };

const FIRST = { answers: [wire.soa(), wire.a()] };
const BODY = { question: null, answers: [wire.a('b.zone.example'), wire.oddKey()] };
const LAST = { question: null, answers: [wire.a('c.zone.example'), wire.soa()] };

const told = (entries: readonly DnsEntry[]): unknown[] =>
  entries.map(({ response, rtt_ms, error }) => [response === null, rtt_ms === null, error]);
const MESSAGE = [false, false, null];
const cut = (error: unknown): unknown[] => [true, true, error];
const notOurs = (error: unknown): unknown[] => [false, true, error];

describe('a zone transfer that is whole', () => {
  // RFC 5936, section 2.2: the first and the last record are the same SOA; all else in between, in any number of messages.
  test.each<[string, wire.Message[]]>([
    ['in one message', [{ answers: [wire.soa(), wire.a(), wire.soa()] }]],
    ['of an empty zone in one message', [{ answers: [wire.soa(), wire.soa()] }]],
    ['in several messages, with a key that few libraries read', [FIRST, BODY, LAST]],
    ['of two messages with an SOA each', [{ answers: [wire.soa()] }, { answers: [wire.soa()] }]],
    ['with an OPT record', [{ ...FIRST, additionals: [wire.opt(0)] }, LAST]],
  ])('%s', async (_what, messages) => {
    expect(told(await transfer(sends(...messages)))).toEqual(messages.map(() => MESSAGE));
  });

  test('the SOA compares without case and without its TTL', async () => {
    const data = Buffer.concat([
      wire.name('NS.zone.example'),
      wire.name('hm.ZONE.example'),
      Buffer.alloc(20),
    ]);
    const lower = Buffer.concat([
      wire.name('ns.zone.example'),
      wire.name('hm.zone.example'),
      Buffer.alloc(20),
    ]);
    const answers = [wire.record('Zone.Example', 6, data, 60), wire.record('zone.example', 6, lower, 61)];
    expect(told(await transfer(sends({ answers })))).toEqual([MESSAGE]);
  });

  test('has for each message the time at which it came, from when the query went out', async () => {
    let ticks = 0;
    const clock = { ...systemClock(), monotonic: () => ticks++ };
    const entries = await transfer(sends(FIRST, BODY, LAST), {}, clock);
    // The reading before the connection, the one at its end, the one at the query's departure, and one for each message.
    expect(entries.map(({ connect_ms, rtt_ms }) => [connect_ms, rtt_ms])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
  });

  // NSD 4.6.1, Knot 3.2.6 and BIND 9.18 answer so for a zone that they do not have.
  test.each([5, 9])('refused with RCODE %i is a single message, and no error', async (code) => {
    const refusal = { flags: wire.RESPONSE | code };
    expect(told(await transfer(sends(refusal)))).toEqual([MESSAGE]);
    expect(told(await transfer(sends({ ...refusal, question: null })))).toEqual([MESSAGE]);
  });
});

describe('a zone transfer that is not whole says so, and keeps what came', () => {
  const broken: [string, Script, unknown[]][] = [
    ['closed', closes(FIRST, BODY), [MESSAGE, MESSAGE, cut('the resolver closed the connection')]],
    [
      'closed in the middle of a message',
      (query, socket) => {
        const bytes = wire.frame(wire.message({ id: query.readUInt16BE(0), ...LAST }));
        sends(FIRST)(query, socket);
        socket.end(bytes.subarray(0, 20));
      },
      [MESSAGE, cut('the resolver closed the connection')],
    ],
    [
      'reset',
      (query, socket) => {
        sends(FIRST)(query, socket);
        // What was read before a reset is kept.
        socket.write(Buffer.alloc(1), () => socket.resetAndDestroy());
      },
      // What the system tells of a reset depends on what it has told before.
      [MESSAGE, cut(expect.stringMatching(/^(ECONNRESET|the resolver closed the connection)$/))],
    ],
    [
      'another id (RFC 5936, section 2.2.1)',
      (query, socket) => {
        sends(FIRST, { ...LAST, id: (query.readUInt16BE(0) + 1) & 0xffff })(query, socket);
      },
      [MESSAGE, notOurs('a message with another id')],
    ],
    [
      'another question',
      sends(FIRST, { ...LAST, question: { name: 'other.example', type: 252 } }),
      [MESSAGE, notOurs('the answer is for another question')],
    ],
    ['a query', sends(FIRST, { ...LAST, flags: 0 }), [MESSAGE, notOurs('a query in the place of an answer')]],
    [
      'another opcode',
      sends(FIRST, { ...LAST, flags: wire.RESPONSE | 0x2000 }),
      [MESSAGE, notOurs('a message with another opcode')],
    ],
    [
      // RFC 1035, section 4.1.1; dig 9.18: "short (< header size) message"
      'a message without bytes',
      (query, socket) => {
        sends(FIRST)(query, socket);
        socket.write(Buffer.from([0, 0]));
      },
      [MESSAGE, notOurs('the answer cannot be read: 0 bytes are no DNS message')],
    ],
    [
      'records that are not there',
      (query, socket) => {
        sends(FIRST)(query, socket);
        const bytes = wire.message({ id: query.readUInt16BE(0), ...LAST });
        socket.write(wire.frame(bytes.subarray(0, bytes.length - 3)));
      },
      [MESSAGE, notOurs('the answer cannot be read: the message ends early')],
    ],
    [
      'an SOA that cannot be read',
      sends(FIRST, { answers: [wire.record('zone.example', 6, Buffer.from([0xc0, 0xff, 1]))] }),
      [MESSAGE, notOurs('the answer cannot be read: a name that points forwards')],
    ],
    [
      'an error in the middle',
      sends(FIRST, { flags: wire.RESPONSE | 2 }),
      [MESSAGE, MESSAGE, cut('the zone ends with SERVFAIL')],
    ],
    [
      'another SOA at its end',
      sends(FIRST, { answers: [wire.soa(2)] }),
      [MESSAGE, MESSAGE, cut('the zone closes with another SOA')],
    ],
    [
      'records behind its end',
      sends(FIRST, { answers: [wire.soa(), wire.a()] }),
      [MESSAGE, MESSAGE, cut('the zone goes on behind its closing SOA')],
    ],
    ['no SOA first', sends({ answers: [wire.a()] }), [MESSAGE, cut('the zone does not begin with an SOA')]],
    ['nothing', sends({ answers: [] }), [MESSAGE, cut('the answer has no zone')]],
    // A single SOA is the answer to an IXFR of a zone that is up to date (RFC 1995, section 2), no zone.
    ['an SOA alone', closes({ answers: [wire.soa()] }), [MESSAGE, cut('the resolver closed the connection')]],
  ];

  test.each(broken)('%s', async (_what, script, expected) => {
    expect(told(await transfer(script))).toEqual(expected);
  });

  test('silent', async () => {
    const timers: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock(),
      setTimer: (run) => {
        timers.push(run);
        return { cancel: () => undefined };
      },
    };
    const runAll = (): void => {
      for (const run of timers) run();
    };
    let reads = 0;
    clock.monotonic = () => {
      // The fourth reading is that of the first message: then the time is over.
      if (++reads === 4) setImmediate(runAll);
      return reads;
    };
    expect(told(await transfer(sends(FIRST), {}, clock))).toEqual([MESSAGE, cut('timeout')]);
  });

  test('over 1 MiB', async () => {
    const records = Array.from({ length: 2_000 }, () => wire.a());
    const big = { question: null, answers: records };
    const entries = await transfer(sends(FIRST, ...Array.from({ length: 20 }, () => big), LAST));
    expect(entries.slice(0, -1).every(({ error, rtt_ms }) => error === null && rtt_ms !== null)).toBe(true);
    expect(told(entries).at(-1)).toEqual(cut('too large: over 1048576 bytes'));
    const kept = entries.reduce((sum, { response }) => sum + Buffer.from(response ?? '', 'base64').length, 0);
    expect(kept).toBeGreaterThan(1024 * 1024 - 65_537);
  });

  test('12,000 small messages: as many as the server reads, and that it was cut', async () => {
    const small = Array.from({ length: 12_000 }, () => ({ question: null, answers: [wire.a('b')] }));
    const entries = await transfer(sends(FIRST, ...small, LAST));
    // RESERVED_ENTRIES are for entries without a message
    expect(entries).toHaveLength(MAX_QUERIES - 4 + 1);
    expect(told(entries).at(-1)).toEqual(cut('too large: the result has no room for more messages'));
    expect(entries.slice(0, -1).every(({ error }) => error === null)).toBe(true);
  });

  test('12 zones of 900 KB are more than one result may carry', async () => {
    const records = Array.from({ length: 1_000 }, () => wire.a());
    const zone = [FIRST, ...Array.from({ length: 29 }, () => ({ question: null, answers: records })), LAST];
    const entries = await transfer(sends(...zone), {
      fqdns: Array.from({ length: 12 }, () => 'zone.example'),
    });
    const cuts = entries.filter(({ error }) => error !== null);
    expect(new Set(cuts.map(({ error }) => error))).toEqual(
      new Set(['too large: the result has no room for more messages']),
    );
    // Each question has its say: whole, or cut.
    expect(new Set(entries.map(({ query }) => query)).size).toBe(12);
  });
});
