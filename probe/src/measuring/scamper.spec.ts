import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Destination } from '@pladmed/protocol';
import { EVERYWHERE, runContext } from '../../test/support/run.context.js';
import { RunFailure } from '../protocol/failure.js';
import { ping as pingKind } from '../kinds/ping/index.js';
import { pingCommand, pingParams } from '../kinds/ping/ping.params.js';
import { scamperArguments, type ScamperCommand, versionIn } from './scamper.js';
import type { Routes } from './targets.js';
import { tracerouteCommand, tracerouteParams } from '../kinds/traceroute/traceroute.params.js';

const settings = { output: '/x/warts', packetsPerSecond: 20 };
const commandOf = (command: ScamperCommand): string =>
  (scamperArguments(command, [{ userid: 1, address: '192.0.2.1' }], settings)[7] ?? '').replace(
    / -U 1 192\.0\.2\.1$/,
    '',
  );
const TARGET = { fqdns: ['a.example'] };
const ping = (params: object): string => commandOf(pingCommand(pingParams.parse({ ...TARGET, ...params })));
const trace = (params: object): string =>
  commandOf(tracerouteCommand(tracerouteParams.parse({ ...TARGET, ...params })));

describe('ping', () => {
  test('every parameter of the contract', () => {
    const params = {
      probecount: 2,
      'icmp-sum': 7,
      dport: 3,
      sport: 4,
      wait: 5,
      method: 'icmp-echo',
      size: 90,
      timeout: 9,
    };
    expect(ping(params)).toBe('ping -c 2 -C 7 -d 3 -F 4 -i 5 -P icmp-echo -s 90 -W 9');
  });

  test('four probes and two seconds when nothing is said, and no timeout of 0, which scamper refuses', () => {
    expect(ping({})).toBe('ping -c 4 -W 2');
    expect(ping({ timeout: 0 })).toBe('ping -c 4 -W 1');
  });

  test.each([
    [{ probecount: 101 }],
    [{ probecount: 0 }],
    [{ probecount: 1.5 }],
    [{ probecount: '1;id' }],
    [{ size: 20 }],
    [{ size: 39, method: 'tcp-syn' }],
    [{ size: 47, ips: ['2001:db8::1'] }],
    [{ size: 40, method: 'icmp-time' }],
    [{ method: 'icmp-time', ips: ['::1'] }],
    [{ method: 'icmp-echo -O spoof' }],
    [{ 'icmp-sum': 65_536 }],
    [{ 'icmp-sum': 1, method: 'udp' }],
    [{ dport: 65_536 }],
    [{ dport: 65_533, method: 'udp-dport' }],
    [{ sport: 65_535, method: 'tcp-ack-sport', probecount: 2 }],
    [{ ips: ['fe80::1%eth0'] }],
    [{ ips: ['-i'] }],
    [{ ips: ['127.1'] }],
    [{ ips: '192.0.2.1' }],
    [{ fqdns: ['-x.example'] }],
    [{ fqdns: ['a b'] }],
    [{ fqdns: ['0x7f.1'] }],
    [{ fqdns: ['$(id)'] }],
  ])('%j is refused', (params) => {
    expect(pingParams.safeParse(TARGET).success).toBe(true);
    expect(pingParams.safeParse({ ...TARGET, ...params }).success).toBe(false);
  });

  test('ports up to the last, where each packet has its own and where all have one', () => {
    expect(ping({ dport: 65_532, method: 'udp-dport' })).toBe('ping -c 4 -d 65532 -P udp-dport -W 2');
    expect(ping({ sport: 65_532, method: 'tcp-ack-sport' })).toBe('ping -c 4 -F 65532 -P tcp-ack-sport -W 2');
    expect(ping({ dport: 65_535, sport: 65_535, method: 'udp' })).toBe(
      'ping -c 4 -d 65535 -F 65535 -P udp -W 2',
    );
  });

  test('what is not its own is dropped', () => {
    expect(ping({ cron: '* * * * *', confidence: 0.5, unknown: '-O spoof' })).toBe('ping -c 4 -W 2');
  });
});

describe('traceroute', () => {
  test('every parameter of the contract', () => {
    const params = {
      attempts: 3,
      confidence: 0.99,
      dport: 1,
      firsthop: 2,
      maxttl: 30,
      method: 'udp-paris',
      sport: 4,
      wait: 5,
      'wait-probe': 6,
    };
    expect(trace(params)).toBe('trace -q 3 -c 99 -d 1 -f 2 -m 30 -P udp-paris -s 4 -w 5 -W 6');
  });

  test('the classic misspelling, and what scamper knows only in part', () => {
    expect(trace({ method: 'icp' })).toBe('trace -P icmp-paris');
    expect(trace({ method: 'tcp' })).toBe('trace -d 80 -P tcp');
    expect(trace({ method: 'tcp', dport: 443 })).toBe('trace -d 443 -P tcp');
    expect(trace({ confidence: 0 })).toBe('trace');
    expect(trace({ confidence: 0.5 })).toBe('trace -c 95');
    expect(trace({ confidence: 0.96 })).toBe('trace -c 99');
    expect(trace({ wait: 20 })).toBe('trace -w 10');
  });

  test('a first hop beyond the last is refused', () => {
    expect(tracerouteParams.safeParse({ ...TARGET, firsthop: 9, maxttl: 8 }).success).toBe(false);
  });
});

describe('whatever the parameters', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.constantFrom(
      '-O spoof',
      '1 -S 192.0.2.9',
      '$(id)',
      '`id`',
      '1\n-O',
      '٣',
      '１',
      '0x10',
      '1e3',
      ' 1',
      null,
      true,
      {},
      [],
    ),
  );
  const names = [
    'probecount',
    'icmp-sum',
    'dport',
    'sport',
    'wait',
    'method',
    'size',
    'timeout',
    'attempts',
    'confidence',
  ];
  const others = ['firsthop', 'maxttl', 'wait-probe', 'ips', 'fqdns'];
  const params = fc.dictionary(fc.constantFrom(...names, ...others), hostile, { maxKeys: 4 });

  test('only options, numbers and known words reach scamper', () => {
    fc.assert(
      fc.property(params, (given) => {
        const commands = [
          pingParams.safeParse({ ...TARGET, ...given }).success ? ping(given) : 'ping',
          tracerouteParams.safeParse({ ...TARGET, ...given }).success ? trace(given) : 'trace',
        ];
        for (const command of commands)
          expect(command).toMatch(/^(ping|trace)( -[a-zA-Z] ([0-9]+|[a-z]+(-[a-z]+)*))*$/);
      }),
      { numRuns: 1000 },
    );
  });

  test('an argument that is no address never becomes one', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^[0-9a-f.:]+$/i.test(text));
        const destination = { userid: 1, address: text };
        expect(() => scamperArguments({ name: 'ping', options: [] }, [destination], settings)).toThrow(
          RunFailure,
        );
      }),
    );
  });
});

describe('the rate', () => {
  /** @returns the rate that scamper is given, by a program that notes its arguments in its stead */
  async function rateFor(destinations: number): Promise<number> {
    const folder = await mkdtemp(join(tmpdir(), 'scamper-'));
    try {
      const scamper = join(folder, 'scamper');
      await writeFile(scamper, '#!/bin/sh\necho "$@" > arguments\n: > warts\n', { mode: 0o755 });
      const lease = () => Promise.resolve({ packetsPerSecond: 5, giveBack: () => undefined });
      const packets = { turn: () => Promise.resolve(), lease };
      const ips = Array.from({ length: destinations }, (_, index) => `127.0.0.${index + 1}`);
      await expect(
        pingKind.measure(pingParams.parse({ ips }), runContext({ folder, scamper, packets })),
      ).rejects.toMatchObject({ reason: 'nothing_sent' });
      return Number(/ -p (\d+) /.exec(await readFile(join(folder, 'arguments'), 'utf8'))?.[1]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  test('is the part of the run when its pings would exceed it', async () => {
    expect(await rateFor(6)).toBe(5);
  });

  test('holds up no ping of few destinations, which sends less by itself', async () => {
    expect(await rateFor(5)).toBe(1000);
  });
});

describe('what became of each destination', () => {
  /** What a scamper in the stead of the real one writes: the file and its standard error. */
  async function run(params: object, written: Buffer, stderr: string, routes = EVERYWHERE) {
    const folder = await mkdtemp(join(tmpdir(), 'scamper-'));
    try {
      await writeFile(join(folder, 'prepared'), written);
      const scamper = join(folder, 'scamper');
      const script = `#!/bin/sh\nfor each; do echo "$each"; done > arguments\ncp prepared warts\necho '${stderr}' >&2\n`;
      await writeFile(scamper, script, { mode: 0o755 });
      const told: Destination[] = [];
      const onDestinations = (destinations: Destination[]) => told.push(...destinations);
      const allow = ['0.0.0.0/0', '::/0'];
      const context = runContext({ folder, scamper, onDestinations, allow, routes, resolve });
      const bytes = await pingKind.measure(pingParams.parse(params), context);
      return { bytes, told, arguments: (await readFile(join(folder, 'arguments'), 'utf8')).split('\n') };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const resolve = () => Promise.resolve(['198.51.100.7']);
  const NO_ROUTE = 'scamper_getsrc: connect to dst failed for 198.51.100.7: Network is unreachable';

  test('is told by its number, from 1, and the command of each carries it', async () => {
    const {
      bytes,
      told,
      arguments: given,
    } = await run({ ips: ['192.0.2.1', '192.0.2.1'], fqdns: ['a.example'] }, warts([1, 3], [2, 3]), '');
    expect(bytes).toEqual(warts([1, 3], [2, 3]));
    expect(given.filter((each) => each.startsWith('ping'))).toEqual([
      'ping -c 4 -W 2 -U 1 192.0.2.1',
      'ping -c 4 -W 2 -U 2 192.0.2.1',
      'ping -c 4 -W 2 -U 3 198.51.100.7',
    ]);
    expect(told).toEqual([
      { destination: '192.0.2.1', address: '192.0.2.1', resolve_ms: null, error: null },
      { destination: '192.0.2.1', address: '192.0.2.1', resolve_ms: null, error: null },
      {
        destination: 'a.example',
        address: '198.51.100.7',
        resolve_ms: expect.any(Number),
        error: 'nothing_sent',
      },
    ]);
  });

  test('is the word of the system where scamper ends with 0 and says that it could not connect', async () => {
    const { told } = await run({ ips: ['192.0.2.1'], fqdns: ['a.example'] }, warts([1, 1]), NO_ROUTE);
    expect(told.map(({ error }) => error)).toEqual([null, 'ENETUNREACH']);
  });

  test('is that nothing was sent where the record has no packet', async () => {
    const { told } = await run({ ips: ['192.0.2.1', '192.0.2.2'] }, warts([1, 1], [2, 0]), '');
    expect(told.map(({ error }) => error)).toEqual([null, 'nothing_sent']);
  });

  // 20260420: `ping -P tcp-syn -F 1`, and an address without a route; it binds the port, and has records of both
  test('is what the record says itself, since 20251020', async () => {
    const bind = 'could not bind tcp4 port 1: Permission denied';
    const route = 'getsrc connect to dst failed for 198.51.100.7: Network is unreachable';
    const written = warts([1, 1], [2, 0, bind], [3, 0, route]);
    const stderr = `[10:09:06:007] ping to 192.0.2.2 failed: ${bind}\n[10:09:06:008] ping to 198.51.100.7 failed: ${route}`;
    const { told } = await run({ ips: ['192.0.2.1', '192.0.2.2'], fqdns: ['a.example'] }, written, stderr);
    expect(told.map(({ error }) => error)).toEqual([null, bind, 'ENETUNREACH']);
  });

  test('fails the run where nothing was sent at all, with what scamper said', async () => {
    const nothing = { reason: 'nothing_sent', message: `scamper sent nothing: ${NO_ROUTE}` };
    await expect(run({ fqdns: ['a.example'] }, warts(), NO_ROUTE)).rejects.toMatchObject(nothing);
    await expect(run({ ips: ['192.0.2.1'] }, warts([1, 0]), '')).rejects.toMatchObject({
      reason: 'nothing_sent',
    });
  });

  test('is the family that the host lacks; scamper is not asked for it', async () => {
    const routes: Routes = {
      missing: (address) => Promise.resolve(address.includes(':') ? 'no_family' : null),
      families: () => Promise.resolve({ ipv4: true, ipv6: false }),
    };
    const ips = ['2001:db8::1', '192.0.2.1'];
    const { told, arguments: given } = await run({ ips }, warts([2, 1]), '', routes);
    expect(told.map(({ address, error }) => [address, error])).toEqual([
      ['2001:db8::1', 'no_family'],
      ['192.0.2.1', null],
    ]);
    expect(given.filter((each) => each.startsWith('ping'))).toEqual(['ping -c 4 -W 2 -U 2 192.0.2.1']);
    await expect(run({ ips: ['2001:db8::1'] }, warts(), '', routes)).rejects.toMatchObject({
      reason: 'no_family',
    });
  });
});

test('versions, as the programs of 2021 (on standard error) and of 2026 print them', () => {
  expect(versionIn('scamper version 20211212\n')).toBe('20211212');
  expect(versionIn('scamper version 20260420\n')).toBe('20260420');
  expect(versionIn('scamper version 20211212b\n')).toBe('20211212b');
  expect(versionIn('usage: scamper [-?1Dv]\n')).toBeNull();
});

/** A ping by number: how many packets were sent, and why they were not. */
type Pinged = readonly [userid: number, sent: number, error?: string];

/** A warts file by hand (warts(5)), of ping records. */
function warts(...pings: Pinged[]): Buffer {
  return Buffer.concat(pings.map((each) => pingRecord(each)));
}

function pingRecord([userid, sent, error]: Pinged): Buffer {
  // of a parameter's number n the bit (n - 1) % 7 of byte (n - 1) / 7: 15 (sent), 19 (userid), 20 (src), 21 (dst), 34 (error)
  const flags = error === undefined ? [0x80, 0x80, 0x71] : [0x80, 0x80, 0xf1, 0x80, 0x20];
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(sent, 0);
  numbers.writeUInt32BE(userid, 2);
  const addresses = Buffer.from([4, 1, 192, 0, 2, 9, 4, 1, 192, 0, 2, 1]);
  const text = Buffer.from(error === undefined ? '' : `${error}\0`);
  const length = numbers.length + addresses.length + text.length;
  const params = Buffer.concat([numbers, addresses, text]);
  const body = Buffer.concat([Buffer.from([...flags, 0, length]), params, Buffer.from([0, 0])]);
  const head = Buffer.from([0x12, 0x05, 0, 7, 0, 0, 0, body.length]);
  return Buffer.concat([head, body]);
}
