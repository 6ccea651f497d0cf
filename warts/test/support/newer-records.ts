/** Random records of the types that came after scamper 20211212, with every parameter that 20260420 knows. */
import fc from 'fast-check';
import {
  bytes,
  hopName,
  interfaceName,
  ip,
  listAndCycle,
  oneOf,
  small,
  someOf,
  time,
  u16,
  u32,
  u8,
  word,
} from './records.js';
import * as w from './writer.js';
import type { Bytes, Parameter } from './writer.js';

type Value = fc.Arbitrary<Bytes>;

const data: Value = fc.array(fc.nat(255), { minLength: 1, maxLength: 40 });
const few = <T>(item: fc.Arbitrary<T>, maxLength = 3): fc.Arbitrary<T[]> => fc.array(item, { maxLength });
const mac = bytes(6).map(w.address);
const blockOf = (all: Readonly<Record<number, Value>>, must: readonly number[] = []): Value =>
  someOf(all, must).map((params) => w.parameters(params));

/** A length and as many bytes, or neither. */
const sized = (lengthId: number): fc.Arbitrary<Parameter[]> =>
  fc.option(data).map((value): Parameter[] =>
    value === null
      ? []
      : [
          [lengthId, w.u16(value.length)],
          [lengthId + 1, value],
        ],
  );

/** Parameters, some of them with a length of their own, then what they count. */
const withCounts = (
  type: number,
  params: fc.Arbitrary<Parameter[]>,
  parts: fc.Arbitrary<{ counts: Parameter[]; rest: Bytes }>,
  more: fc.Arbitrary<Parameter[]> = fc.constant<Parameter[]>([]),
): Value =>
  fc
    .tuple(params, more, parts)
    .map(([own, others, { counts, rest }]) => w.withParameters(type, [...own, ...others, ...counts], rest));

const neighbourProbe = fc
  .tuple(someOf({ 1: time }, [1]), few(blockOf({ 1: time, 2: fc.oneof(mac, ip) }, [1, 2])))
  .map(([params, replies]): Bytes => [
    ...w.parameters([...params, [2, w.u16(replies.length)]]),
    ...replies.flat(),
  ]);

export const neighbour: Value = withCounts(
  10,
  someOf(
    {
      ...listAndCycle,
      3: u32,
      4: word,
      5: time,
      6: small(4),
      7: u16,
      8: u8,
      9: u16,
      10: u16,
      11: ip,
      12: mac,
      13: ip,
      14: mac,
      16: hopName,
    },
    [5, 6, 7, 8, 9, 10],
  ),
  few(neighbourProbe).map((probes) => ({ counts: [[15, w.u16(probes.length)]], rest: probes.flat() })),
);

const packet = (lengthId: number, first: Readonly<Record<number, Value>>): Value =>
  fc
    .tuple(someOf(first, []), data)
    .map(([params, value]) =>
      w.parameters([...params, [lengthId, w.u16(value.length)], [lengthId + 1, value]]),
    );

export const sting: Value = withCounts(
  12,
  someOf(
    {
      ...listAndCycle,
      3: u32,
      4: ip,
      5: ip,
      6: u16,
      7: u16,
      8: u16,
      9: u16,
      10: u16,
      11: small(4),
      12: u8,
      13: u8,
      14: u8,
      17: time,
      18: time,
      19: u16,
      20: u16,
      22: small(4),
      23: hopName,
    },
    [4, 5],
  ),
  few(packet(3, { 1: u8, 2: time })).map((packets) => ({
    counts: [[21, w.u32(packets.length)]],
    rest: packets.flat(),
  })),
  sized(15),
);

export const sniff: Value = withCounts(
  13,
  someOf(
    { ...listAndCycle, 3: u32, 4: ip, 5: time, 6: time, 7: small(5), 8: u32, 9: u16, 11: u16, 12: hopName },
    [4],
  ),
  few(packet(2, { 1: time })).map((packets) => ({
    counts: [[10, w.u32(packets.length)]],
    rest: packets.flat(),
  })),
);

const block = (kind: number, all: Readonly<Record<number, Value>>, must: readonly number[]): Value =>
  blockOf(all, must).map((value) => [...w.u16(kind), ...value]);
const list = (item: Value): fc.Arbitrary<{ count: number; all: Bytes }> =>
  few(item).map((items) => ({ count: items.length, all: items.flat() }));
const options = fc
  .tuple(u16, data)
  .map(([code, value]): Bytes => [...code, ...w.u16(value.length), ...value]);
const txt = list(
  fc.stringMatching(/^[ -~]{0,20}$/).map((text) => [text.length, ...w.text(text).slice(0, -1)]),
).map(({ count, all }): Bytes => [
  ...w.u16(5),
  ...w.parameters(
    count === 0
      ? []
      : [
          [1, w.u16(count)],
          [2, all],
        ],
  ),
]);
const opt = list(options).map(({ count, all }): Bytes => [
  ...w.u16(6),
  ...w.parameters(
    count === 0
      ? []
      : [
          [1, w.u16(count)],
          [2, all],
        ],
  ),
]);
const svcb = fc
  .tuple(someOf({ 1: u16, 2: word }, [2]), list(options))
  .map(([params, { count, all }]): Bytes => {
    const several: Parameter[] =
      count === 0
        ? []
        : [
            [3, w.u16(count)],
            [4, all],
          ];
    return [...w.u16(7), ...w.parameters([...params, ...several])];
  });
const text2 = word.map((name): Bytes => [...w.u16(2), ...name]);
const address1 = ip.map((value): Bytes => [...w.u16(1), ...value]);

/** Class, type and the data that they ask for. */
const RESOURCES: readonly (readonly [number, number, Value | undefined])[] = [
  [1, 1, address1],
  [1, 28, address1],
  [1, 2, text2],
  [1, 5, text2],
  [1, 12, text2],
  [1, 6, block(3, { 1: word, 2: word, 3: u32, 4: u32, 5: u32, 6: u32, 7: u32 }, [1, 2])],
  [1, 15, block(4, { 1: u16, 2: word }, [2])],
  [1, 16, txt],
  [3, 16, txt],
  [1, 64, svcb],
  [1, 65, svcb],
  [4096, 41, opt],
  [1, 43, undefined],
  [1, 48, undefined],
  [1, 257, undefined],
  [3, 1, undefined],
];

const resource: Value = fc
  .constantFrom(...RESOURCES)
  .chain(([rrclass, rrtype, value]) =>
    fc
      .tuple(
        someOf({ 3: hopName, 4: u32 }, [3]),
        value === undefined ? fc.constant(null) : fc.option(value, { freq: 8 }),
      )
      .map(([params, bytesOf]) =>
        w.parameters([
          [1, w.u16(rrclass)],
          [2, w.u16(rrtype)],
          ...params,
          ...(bytesOf === null ? [] : [[5, bytesOf] as Parameter]),
        ]),
      ),
  );

const query = fc
  .tuple(someOf({ 1: time, 2: time, 3: u16, 7: fc.nat(11).map(w.u8), 8: u8 }, []), few(few(resource, 2), 3))
  .map(([params, sections]): Bytes => {
    const counts = sections.map((section, i): Parameter => [4 + i, w.u16(section.length)]);
    return [...w.parameters([...params, ...counts]), ...sections.flat(2)];
  });

export const host: Value = withCounts(
  14,
  someOf(
    {
      ...listAndCycle,
      3: u32,
      4: ip,
      5: ip,
      6: time,
      7: u16,
      8: u16,
      9: small(6),
      10: u8,
      11: fc.oneof(u16, oneOf(1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 43, 44, 46, 47, 48, 64, 65).map(w.u16)),
      12: oneOf(1, 3, 255).map(w.u16),
      13: hopName,
      15: word,
      16: hopName,
    },
    [5, 6],
  ),
  few(query).map((queries) => ({ counts: [[14, w.u8(queries.length)]], rest: queries.flat() })),
);

const header = few(word).map((lines): Bytes => [lines.length, ...lines.flat()]);
const httpPart = fc
  .tuple(oneOf(1, 2, 9), data)
  .map(([kind, value]): Bytes => [kind, ...w.u32(value.length), ...value]);

export const http: Value = withCounts(
  15,
  someOf(
    {
      ...listAndCycle,
      3: u32,
      4: ip,
      5: ip,
      6: u16,
      7: u16,
      8: time,
      9: small(7),
      10: small(1),
      11: word,
      12: word,
      13: header,
      15: u32,
      16: u32,
      17: time,
      18: hopName,
      19: small(13),
      20: word,
    },
    [],
  ),
  fc
    .tuple(few(packet(3, { 1: oneOf(0, 1, 2, 0x80, 0x81, 0x82).map(w.u8), 2: time })), few(httpPart))
    .map(([buffers, parts]) => ({
      counts: [[14, w.u32(buffers.length)]],
      rest: [...buffers.flat(), ...parts.flat()],
    })),
);

const udpReply = fc
  .tuple(someOf({ 1: time, 4: interfaceName }, [1]), sized(2))
  .map(([params, value]) => w.parameters([...params, ...value]));
const udpReplies = few(udpReply);
const udpProbe = fc.tuple(someOf({ 1: time, 2: u16 }, [1, 2]), udpReplies);

export const udpprobe: Value = withCounts(
  16,
  someOf(
    {
      ...listAndCycle,
      3: u32,
      4: ip,
      5: ip,
      6: u16,
      7: u16,
      8: time,
      9: u32,
      10: small(3),
      11: small(5),
      15: u8,
      17: u8,
      18: u16,
      19: u32,
      20: hopName,
    },
    [],
  ),
  fc.tuple(udpReplies, few(udpProbe)).map(([first, others]) => ({
    counts: [
      [14, w.u8(first.length)],
      [16, w.u8(1 + others.length)],
    ],
    rest: [
      ...first.flat(),
      ...others.flatMap(([params, replies]) => w.parameters([...params, [3, w.u8(replies.length)]])),
      ...others.flatMap(([, replies]) => replies.flat()),
    ],
  })),
  sized(12),
);

const slot = blockOf({ 1: time, 2: small(2) }, [1]);
const reception = blockOf({ 1: time, 2: u16, 3: small(7), 4: u8, 5: u8 }, [1]);
const owampPacket = fc
  .tuple(someOf({ 1: time, 2: time, 3: u32, 4: u16, 5: small(3) }, [2]), few(reception))
  .map(([params, receptions]): Bytes => [
    ...w.parameters([...params, [6, w.u8(receptions.length)]]),
    ...receptions.flat(),
  ]);

export const owamp: Value = withCounts(
  17,
  someOf(
    {
      ...listAndCycle,
      3: u32,
      4: ip,
      5: ip,
      6: u16,
      7: u16,
      8: time,
      9: time,
      10: time,
      12: u32,
      13: u16,
      14: small(2),
      15: u8,
      16: u8,
      17: u32,
      18: small(9),
      19: hopName,
      20: u16,
      21: u16,
    },
    [],
  ),
  fc.tuple(few(slot), few(owampPacket)).map(([slots, packets]) => ({
    counts: [
      [11, w.u32(slots.length)],
      [22, w.u32(packets.length)],
    ],
    rest: [...slots.flat(), ...packets.flat()],
  })),
);

const definitions = fc.array(
  blockOf(
    { 3: u32, 4: fc.integer({ min: 1, max: 6 }).map(w.u8), 5: u8, 6: u8, 7: bytes(4), 10: ip, 11: ip },
    [4, 7, 10],
  ),
  { minLength: 1, maxLength: 3 },
);
const midarProbe = blockOf({ 2: time, 4: u16, 5: u32 });

const midarest: Value = fc
  .tuple(definitions, someOf({ 2: u8, 3: u32, 4: u32, 5: u32 }, []), few(midarProbe))
  .map(([defs, params, probes]) =>
    w.withParameters(
      9,
      [
        [4, [6]],
        [6, w.u32(probes.length)],
      ],
      [...w.parameters([[1, w.u16(defs.length)], ...params]), ...defs.flat(), ...probes.flat()],
    ),
  );
const schedule = few(fc.tuple(time, u32, u32)).map((slots): Bytes => [
  ...w.u32(slots.length),
  ...slots.flat(2),
]);
const midardisc: Value = fc
  .tuple(definitions, someOf({ 2: u32, 3: schedule, 4: time }, []), few(midarProbe))
  .map(([defs, params, probes]) =>
    w.withParameters(
      9,
      [
        [4, [7]],
        [6, w.u32(probes.length)],
      ],
      [...w.parameters([[1, w.u32(defs.length)], ...params]), ...defs.flat(), ...probes.flat()],
    ),
  );
/** Not printed by any tool. */
export const midar: Value = fc.oneof(midarest, midardisc);
