/** Random records of every type, with every parameter that scamper 20211212 knows, as fast-check arbitraries. */
import fc from 'fast-check';
import * as w from './writer.js';
import type { Bytes, Parameter } from './writer.js';

type Value = fc.Arbitrary<Bytes>;

export const oneOf = (...values: number[]): fc.Arbitrary<number> => fc.constantFrom(...values);
export const u8 = fc.oneof(oneOf(0, 1, 2, 3, 255), fc.nat(255)).map(w.u8);
export const u16 = fc.oneof(oneOf(0, 1, 5, 255, 65535), fc.nat(65535)).map(w.u16);
const anyU32 = fc.oneof(
  oneOf(0, 1, 5, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(0xffffffff),
  fc.nat(2_000_000),
);
export const u32 = anyU32.map(w.u32);
export const small = (max: number): Value => fc.nat(max).map(w.u8);
export const time: Value = fc
  .tuple(
    fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 1_700_000_000, max: 1_700_000_010 })),
    fc.nat(999_999),
  )
  .map(([sec, usec]) => w.time(sec, usec));
const rtt = fc.oneof(fc.nat(0xffffffff), fc.nat(300_000)).map(w.u32);
export const bytes = (n: number): fc.Arbitrary<Bytes> =>
  fc.array(fc.oneof(oneOf(0, 0, 0, 1, 255), fc.nat(255)), { minLength: n, maxLength: n });

const ADDRESSES = [4, 4, 4, 16, 16, 6, 8];
const known = oneOf(0, 1, 2, 3).map((n) => w.ipv4(`192.0.2.${n}`));
const ipv4 = fc.oneof(known, bytes(4).map(w.address));
const ipv6 = fc.oneof(
  oneOf(0, 1, 2).map((n) => w.address([0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), n])),
  bytes(16).map(w.address),
);
/** An IP address. */
export const ip: Value = fc.oneof({ weight: 2, arbitrary: ipv4 }, { weight: 1, arbitrary: ipv6 });
const strange = oneOf(...ADDRESSES).chain((n) => bytes(n).map(w.address));
/** Mostly IP addresses. References are tried apart, for they depend on what stands before. */
export const address: Value = fc.oneof(
  { weight: 6, arbitrary: ipv4 },
  { weight: 3, arbitrary: ipv6 },
  { weight: 1, arbitrary: strange },
);

export const word = fc.stringMatching(/^[a-z0-9.-]{0,20}$/).map(w.text);
export const hopName = fc.stringMatching(/^[ -~]{0,20}$/).map(w.text);

/** An interface's name that is not numbered, or the first with its number. */
export const interfaceName: Value = fc.stringMatching(/^[a-z0-9]{1,8}$/).map((name) => [0, ...w.text(name)]);

/** Any subset of `all`, but always those in `must`. */
export function someOf(
  all: Readonly<Record<number, Value>>,
  must: readonly number[],
): fc.Arbitrary<Parameter[]> {
  const choices = Object.entries(all).map(([key, value]) => {
    const id = Number(key);
    const parameter = value.map((bytesOf): Parameter[] => [[id, bytesOf]]);
    return must.includes(id) ? parameter : fc.oneof(parameter, fc.constant<Parameter[]>([]));
  });
  return fc.tuple(...choices).map((chosen) => chosen.flat());
}

const counted8 = (item: Value, min: number, max: number): Value =>
  fc.array(item, { minLength: min, maxLength: max }).map((items) => [...w.u8(items.length), ...items.flat()]);

/** Always with addresses: scamper's tool dies of timestamps without, unless the ping asked for timestamps only. */
const timestamps: Value = fc
  .array(fc.tuple(u32, ipv4), { minLength: 1, maxLength: 4 })
  .map((pairs) => [
    ...w.u8(pairs.length),
    ...w.u8(pairs.length),
    ...pairs.flatMap(([ts]) => ts),
    ...pairs.flatMap(([, ip]) => ip),
  ]);

export const icmpExtension: Value = fc
  .array(fc.tuple(oneOf(1, 1, 1, 2), oneOf(1, 1, 1, 2), fc.array(fc.nat(255), { maxLength: 20 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((objects) => {
    const all = objects.flatMap(([cls, type, data]) => [...w.u16(data.length), cls, type, ...data]);
    return [...w.u16(all.length), ...all];
  });

export const icmp = fc
  .tuple(oneOf(0, 1, 2, 3, 3, 3, 4, 8, 11, 11, 14, 128, 129), oneOf(0, 1, 2, 3, 4, 13))
  .map(([type, code]): Bytes => [type, code]);

export const listAndCycle: Record<number, Value> = { 1: oneOf(0, 1).map(w.u32), 2: oneOf(0, 1).map(w.u32) };

/** What scamper has written in types that 20211212 knows since then. */
export type Newer = Readonly<Record<number, Value>>;

const PING_NEWER: Newer = { 33: u32, 34: hopName };
const PING_REPLY_NEWER: Newer = { 18: u16, 19: u8, 20: interfaceName, 21: u16 };

const pingReply = (sent: number, newer: Newer): Value =>
  someOf(
    {
      ...newer,
      2: u8,
      3: u8,
      4: u16,
      5: icmp,
      6: rtt,
      7: fc.nat(sent - 1).map(w.u16),
      8: u16,
      9: u16,
      10: oneOf(1, 6, 17, 58, 47).map(w.u8),
      11: u8,
      12: address,
      13: counted8(ipv4, 1, 9),
      14: timestamps,
      15: u32,
      16: time,
      17: bytes(12),
    },
    [12],
  ).map((params) => w.parameters(params));

const pingOf = (newer: Newer, newerReply: Newer): fc.Arbitrary<Bytes> =>
  fc.integer({ min: 1, max: 8 }).chain((sent) =>
    fc
      .tuple(
        someOf(
          {
            ...newer,
            ...listAndCycle,
            5: time,
            6: u8,
            7: u8,
            10: u16,
            11: u16,
            12: u8,
            13: u8,
            14: u16,
            15: fc.constant(w.u16(sent)),
            16: small(10),
            17: u16,
            18: u16,
            19: u32,
            20: address,
            21: address,
            22: u8,
            23: u8,
            24: counted8(address, 1, 4),
            25: u16,
            26: u16,
            27: u8,
            28: u32,
            29: u32,
            30: fc.nat(0xffff).map(w.u32),
            31: u32,
            32: address,
          },
          [15, 20, 21],
        ),
        fc.option(fc.array(fc.nat(255), { minLength: 1, maxLength: 300 })),
        fc.array(pingReply(sent, newerReply), { maxLength: 8 }),
      )
      .map(([params, data, replies]) => {
        const payload: Parameter[] =
          data === null
            ? []
            : [
                [8, w.u16(data.length)],
                [9, data],
              ];
        return w.withParameters(7, [...params, ...payload], w.counted(replies));
      }),
  );
export const ping = pingOf({}, {});
export const pingOf2026 = pingOf(PING_NEWER, PING_REPLY_NEWER);

const hopParameters = someOf(
  {
    2: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 255 })).map(w.u8),
    3: u8,
    4: fc.oneof(oneOf(0, 0x10, 0x20, 0x40, 0x80), fc.nat(255)).map(w.u8),
    5: u8,
    6: rtt,
    7: icmp,
    8: u16,
    9: u16,
    10: u16,
    11: u8,
    12: u16,
    13: u16,
    14: u8,
    15: u8,
    16: u8,
    17: icmpExtension,
    18: address,
    19: time,
    20: hopName,
  },
  [2, 18],
);
const hop: Value = hopParameters.map((params) => w.parameters(params));
const hops = fc.array(hop, { maxLength: 7 });
const ttlOf = (params: readonly Parameter[]): number => params.find(([id]) => id === 2)?.[1][0] ?? 0;
const ascendingHops = fc
  .array(hopParameters, { maxLength: 7 })
  .map((all) => all.toSorted((a, b) => ttlOf(a) - ttlOf(b)).map((params) => w.parameters(params)));

const note = someOf({ 1: u8, 2: u16, 3: fc.constant(w.u16(0)) }, []).map((params) => w.parameters(params));
const pmtud = fc
  .tuple(
    someOf({ 1: u16, 2: u16, 3: u16, 4: u8 }, []),
    fc.array(hop, { minLength: 1, maxLength: 3 }),
    fc.array(note, { maxLength: 3 }),
  )
  .map(([params, answers, notes]) => [
    ...w.parameters([...params, [5, w.u8(notes.length)]]),
    ...w.counted(answers),
    ...notes.flat(),
  ]);
const lastDitch = hops.map((answers) => [...w.parameters([]), ...w.counted(answers)]);
const doubletree = someOf({ 3: u8, 4: address, 5: address, 6: word, 7: u8 }, []).map((params) =>
  w.parameters(params),
);
const attribute = (type: number, value: Value): Value =>
  fc.option(value).map((body) => (body === null ? [] : [...w.u16((type << 12) | body.length), ...body]));

const traceOf = (newer: Newer, hops: fc.Arbitrary<Bytes[]>): fc.Arbitrary<Bytes> =>
  fc
    .tuple(
      someOf(
        {
          ...newer,
          ...listAndCycle,
          5: time,
          6: fc.nat(11).map(w.u8),
          7: u8,
          8: u8,
          9: u8,
          10: u8,
          11: small(8),
          12: u16,
          13: u16,
          14: u16,
          15: small(4),
          16: u8,
          17: u8,
          18: u8,
          19: fc.oneof(fc.nat(260), fc.constant(0), fc.constant(255)).map(w.u16),
          20: u8,
          21: u8,
          22: u8,
          23: u16,
          24: u8,
          25: u8,
          26: address,
          27: address,
          28: u32,
          29: u16,
          30: address,
          31: u8,
          32: u32,
        },
        [26, 27],
      ),
      hops,
      fc.tuple(attribute(1, pmtud), attribute(2, lastDitch), attribute(3, doubletree)),
    )
    .map(([params, answers, attributes]) =>
      w.withParameters(6, params, [...w.counted(answers), ...attributes.flat(), ...w.u16(0)]),
    );
export const trace = traceOf({}, hops);
/** Since 20250505 the TTLs of hops must not fall. */
export const traceOf2026 = traceOf({ 33: u8, 34: hopName }, ascendingHops);
