import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { runContext } from '../../test/support/run.context.js';
import { RunFailure } from '../runs/failure.js';
import { ping as pingKind } from './ping/index.js';
import { pingCommand, pingParams } from './ping/ping.params.js';
import { scamperArguments, type ScamperCommand } from './scamper.js';
import { tracerouteCommand, tracerouteParams } from './traceroute/traceroute.params.js';

const settings = { output: '/x/warts', packetsPerSecond: 20 };
const commandOf = (command: ScamperCommand): string =>
  scamperArguments(command, ['192.0.2.1'], settings)[7] ?? '';
const ping = (params: object): string => commandOf(pingCommand(pingParams.parse(params)));
const trace = (params: object): string => commandOf(tracerouteCommand(tracerouteParams.parse(params)));

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

  test('four probes when nothing is said, and no timeout of 0, which scamper refuses', () => {
    expect(ping({})).toBe('ping -c 4');
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
    [{ ips: ['fe80::1%eth0'] }],
    [{ ips: ['-i'] }],
    [{ ips: ['127.1'] }],
    [{ ips: '192.0.2.1' }],
    [{ fqdns: ['-x.example'] }],
    [{ fqdns: ['a b'] }],
    [{ fqdns: ['0x7f.1'] }],
    [{ fqdns: ['$(id)'] }],
  ])('%j is refused', (params) => {
    expect(pingParams.safeParse(params).success).toBe(false);
  });

  test('what is not its own is dropped', () => {
    expect(ping({ cron: '* * * * *', confidence: 0.5, unknown: '-O spoof' })).toBe('ping -c 4');
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
    expect(trace({ confidence: 0 })).toBe('trace');
    expect(trace({ confidence: 0.5 })).toBe('trace -c 95');
    expect(trace({ confidence: 0.96 })).toBe('trace -c 99');
    expect(trace({ wait: 20 })).toBe('trace -w 10');
  });

  test('a first hop beyond the last is refused', () => {
    expect(tracerouteParams.safeParse({ firsthop: 9, maxttl: 8 }).success).toBe(false);
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
          pingParams.safeParse(given).success ? ping(given) : 'ping',
          tracerouteParams.safeParse(given).success ? trace(given) : 'trace',
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
        expect(() => scamperArguments({ name: 'ping', options: [] }, [text], settings)).toThrow(RunFailure);
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
      await writeFile(scamper, '#!/bin/sh\necho "$@" > arguments\ntouch warts\n', { mode: 0o755 });
      const lease = () => Promise.resolve({ packetsPerSecond: 5, giveBack: () => undefined });
      const packets = { turn: () => Promise.resolve(), lease };
      const ips = Array.from({ length: destinations }, (_, index) => `127.0.0.${index + 1}`);
      await pingKind.measure(pingParams.parse({ ips }), runContext({ folder, scamper, packets }));
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
