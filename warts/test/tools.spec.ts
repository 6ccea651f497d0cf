import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dumpRows, jsonLines } from '../src/index.js';
import * as other from './support/other-records.js';
import * as records from './support/records.js';
import { toolOutputs, toolsAreInstalled } from './support/tools.js';
import * as w from './support/writer.js';
import type { Bytes } from './support/writer.js';
import { sized } from '../../test/support/size.js';

const COUNT = sized(150, 50);
const HEAD = [...w.list(1, 7, 'a list'), ...w.cycleStart(1, 1, 9, [[2, w.text('host')]])];
const ALL: Record<string, fc.Arbitrary<Bytes>> = {
  ping: records.ping,
  trace: records.trace,
  tracelb: other.tracelb,
  dealias: other.dealias,
  tbit: other.tbit,
};

const installed = toolsAreInstalled();
if (!installed)
  console.warn('Not compared with scamper 20211212: its tools are not installed (apt: scamper).');
const withTools = installed ? describe : describe.skip;

function compare(files: readonly Uint8Array[]): void {
  const expected = toolOutputs(files);
  files.forEach((bytes, i) => {
    const { json, rows, died } = expected[i]!;
    if (died) return;
    expect({ i, json: jsonLines(bytes).lines, rows: dumpRows(bytes).rows }).toEqual({ i, json, rows });
  });
}

withTools("random records, compared with scamper's tools", () => {
  it.each(Object.keys(ALL))('prints %s as they do', (type) => {
    const seed = Number(process.env['FAST_CHECK_SEED'] ?? 1);
    const samples = fc.sample(ALL[type]!, { numRuns: COUNT, seed });
    compare(samples.map((record) => Uint8Array.from([...HEAD, ...record])));
  });

  it('stops where they stop when the file is cut', () => {
    const [ping, trace] = [
      fc.sample(records.ping, { numRuns: 1, seed: 3 })[0]!,
      fc.sample(records.trace, { numRuns: 1, seed: 3 })[0]!,
    ];
    const whole = [...HEAD, ...trace, ...ping];
    // a process for each: they do not go on after such a file
    const step = sized(1, 5);
    const cuts = Array.from({ length: Math.ceil(whole.length / step) - 1 }, (_, n) => 2 + n * step);
    const files = cuts.map((cut) => Uint8Array.from(whole.slice(0, cut)));
    compare(files);
  });

  it('wants of each tracelb link the node that it begins at', () => {
    const end = w.ipv4('192.0.2.1');
    const one = w.u16(1);
    const record = (link: Bytes): Bytes =>
      w.withParameters(
        8,
        [
          [16, one],
          [17, one],
          [21, end],
          [22, end],
        ],
        [
          ...w.parameters([
            [3, one],
            [5, end],
          ]),
          ...link,
        ],
      );
    const links = [w.parameters([]), [...w.parameters([[3, [1]]]), 0], w.parameters([[1, w.u16(0)]])];
    const files = links.map((link) => Uint8Array.from([...HEAD, ...record(link)]));
    compare(files);
    expect(files.map((bytes) => jsonLines(bytes).error?.code)).toEqual(['malformed', 'malformed', undefined]);
  });

  it('finds the common prefix of addresses of nothing but zeros or ones', () => {
    const pairs = ['0.0.0.0', '255.255.255.255', '0.0.0.1', '128.0.0.0', '127.255.255.255', '192.0.2.1'];
    const files = pairs.flatMap((b) =>
      pairs.map((ab) => {
        const prefixscan = w.parameters([
          [1, w.ipv4('192.0.2.9')],
          [2, w.ipv4(b)],
          [3, w.ipv4(ab)],
        ]);
        return Uint8Array.from([...HEAD, ...w.withParameters(9, [[4, [4]]], prefixscan)]);
      }),
    );
    compare(files);
  });

  it('refuses the files that they refuse', () => {
    const trace = w.withParameters(
      6,
      [
        [26, w.ipv4('192.0.2.1')],
        [27, w.ipv4('192.0.2.2')],
      ],
      w.u16(0),
    );
    const hop = (params: readonly w.Parameter[]): Bytes =>
      w.withParameters(
        6,
        [
          [26, w.ipv4('192.0.2.1')],
          [27, w.ipv4('192.0.2.2')],
        ],
        [...w.counted([w.parameters(params)]), ...w.u16(0)],
      );
    const files = [
      [...HEAD, ...w.cycleStop(2)],
      [...HEAD, ...w.cycleStop(1), ...w.cycleStop(1)],
      [
        ...HEAD,
        ...w.cycleStop(1),
        ...w.withParameters(
          6,
          [
            [2, w.u32(1)],
            [27, w.ipv4('192.0.2.2')],
          ],
          w.u16(0),
        ),
      ],
      [...w.list(2, 1, 'x')],
      [...w.list(1, 1, 'x'), ...w.list(3, 1, 'x')],
      [...w.cycleStart(1, 1, 9)],
      [...HEAD, ...w.record(0, [1, 2, 3])],
      [...HEAD, ...w.record(7, [])],
      [...HEAD, ...w.record(99, [1, 2, 3]), ...trace],
      [...HEAD, 0x12, 0x06, 0, 1, 0, 0, 0, 1, 0],
      [...HEAD, ...hop([[18, w.ipv4('192.0.2.9')]])],
      [
        ...HEAD,
        ...hop([
          [2, [0]],
          [18, w.ipv4('192.0.2.9')],
        ]),
      ],
      [...HEAD, ...hop([[2, [1]]])],
      [
        ...HEAD,
        ...hop([
          [2, [1]],
          [18, w.reference(1)],
        ]),
      ],
      [
        ...HEAD,
        ...hop([
          [2, [1]],
          [18, w.reference(2)],
        ]),
      ],
      [
        ...HEAD,
        ...hop([
          [2, [1]],
          [18, w.reference(0xffffffff)],
        ]),
      ],
      [
        ...HEAD,
        ...hop([
          [2, [1]],
          [17, w.u16(0)],
          [18, w.ipv4('192.0.2.9')],
        ]),
      ],
    ];
    compare(files.map((bytes) => Uint8Array.from(bytes)));
  });

  it('skips parameters of later versions as they do', () => {
    const params: w.Parameter[] = [
      [20, w.ipv4('192.0.2.1')],
      [21, w.ipv4('192.0.2.2')],
      [33, w.u32(7)],
      [36, w.u32(7)],
    ];
    compare([Uint8Array.from([...HEAD, ...w.withParameters(7, params, w.u16(0))])]);
  });
});
