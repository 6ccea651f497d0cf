/** Random tracelb, dealias and tbit records. */
import fc from 'fast-check';
import {
  address,
  bytes,
  hopName,
  icmp,
  icmpExtension,
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
  type Newer,
} from './records.js';
import * as w from './writer.js';
import type { Bytes, Parameter } from './writer.js';

type Value = fc.Arbitrary<Bytes>;

/** A few addresses, so that several replies come from the same one. */
const router = oneOf(0, 1, 2, 3).map((n) => w.ipv4(`192.0.2.${n}`));
const answering = fc.oneof({ weight: 5, arbitrary: router }, { weight: 1, arbitrary: ip });

/** What an ICMP answer has, or a TCP one: scamper of 2026 keeps the two apart. */
const ICMP_ONLY: Newer = { 4: small(1), 5: icmp };
const TCP_ONLY: Newer = { 4: small(1).map(([flag]) => [2 | flag!]), 6: u8 };

const lbReplyOf = (answer: Newer): Value =>
  someOf(
    {
      ...answer,
      1: time,
      2: u16,
      3: u8,
      7: icmpExtension,
      8: u8,
      9: u8,
      11: answering,
    },
    [1, 4, 11],
  ).map((params) => w.parameters(params));
const lbReply = fc.oneof(lbReplyOf(ICMP_ONLY), lbReplyOf(TCP_ONLY));

const lbProbe = fc
  .tuple(
    someOf({ 1: time, 2: small(2).map(([n]) => w.u16(n!)), 3: u8, 4: u8 }, []),
    fc.array(lbReply, { maxLength: 3 }),
  )
  .map(([params, replies]) => [...w.parameters([...params, [5, w.u16(replies.length)]]), ...replies.flat()]);

const lbSet = fc
  .array(lbProbe, { minLength: 1, maxLength: 4 })
  .map((probes) => [...w.parameters([[1, w.u16(probes.length)]]), ...probes.flat()]);

const lbLink = (nodes: number): fc.Arbitrary<{ from: number; hasTo: boolean; bytes: Bytes }> =>
  fc
    .tuple(fc.nat(nodes - 1), fc.option(fc.nat(nodes - 1)), fc.array(lbSet, { minLength: 1, maxLength: 3 }))
    .map(([from, to, sets]) => {
      const far: Parameter[] = to === null ? [] : [[2, w.u16(to)]];
      return {
        from,
        hasTo: to !== null,
        bytes: [...w.parameters([[1, w.u16(from)], ...far, [3, w.u8(sets.length)]]), ...sets.flat()],
      };
    });

const lbNode = (must: readonly number[]): fc.Arbitrary<Parameter[]> =>
  someOf({ 2: small(3), 4: u8, 5: answering, 6: word }, must);

const tracelbOf = (newer: Newer, nodeMust: readonly number[]): Value =>
  fc.integer({ min: 1, max: 4 }).chain((nodeCount) =>
    fc
      .tuple(
        someOf(
          {
            ...listAndCycle,
            ...newer,
            5: time,
            6: u16,
            7: u16,
            8: u16,
            9: small(7),
            10: u8,
            11: u8,
            12: u8,
            13: u8,
            14: u8,
            15: u8,
            18: u32,
            19: u32,
            20: u8,
            21: address,
            22: address,
            23: u32,
            24: u8,
            25: address,
          },
          [21, 22],
        ),
        fc.array(lbNode(nodeMust), { minLength: nodeCount, maxLength: nodeCount }),
        fc.array(lbLink(nodeCount), { maxLength: 5 }),
      )
      .map(([params, nodes, allLinks]) => {
        // scamper's tool dies of a node with several links of which one leads to no node.
        const links = allLinks.filter(
          ({ from, hasTo }) => hasTo || allLinks.filter((other) => other.from === from).length === 1,
        );
        const nodeBytes = nodes.flatMap((node, i) => {
          const count = links.filter(({ from }) => from === i).length;
          return w.parameters([...node, [3, w.u16(count)]]);
        });
        const counts: Parameter[] = [
          [16, w.u16(nodes.length)],
          [17, w.u16(links.length)],
        ];
        const linkBytes = links.flatMap((link) => link.bytes);
        return w.withParameters(8, [...params, ...counts], [...nodeBytes, ...linkBytes]);
      }),
  );
export const tracelb = tracelbOf({}, [5]);
export const tracelbOf2026 = tracelbOf({ 26: hopName }, []);

const definitionCount = 3;
const METHOD_PARAMETERS: Record<number, fc.Arbitrary<Parameter[]>> = {
  1: someOf({ 1: u8, 2: u8 }, [1, 2]),
  2: someOf({ 1: u16, 2: u8, 3: u8, 4: u16, 5: u8 }, [1, 2, 3, 4]),
  3: someOf(
    { 1: fc.constant(w.u32(definitionCount)), 2: u16, 3: u16, 4: u16.map((n) => [0, 0, ...n]), 5: u8, 6: u8 },
    [1, 2, 3, 4, 5],
  ),
  4: someOf(
    {
      1: ip,
      2: ip,
      3: ip,
      4: fc.array(ip, { maxLength: 3 }).map(w.counted),
      5: u8,
      6: u8,
      7: u16,
      8: u16,
      9: u8,
      10: fc.constant(w.u16(definitionCount)),
      11: u8,
      12: u8,
    },
    // Of those that are not there scamper of 2026 prints what it finds in memory.
    [1, 2, 8, 9, 10],
  ),
  5: someOf({ 1: u16, 2: u16, 3: u8 }, [1, 2, 3]),
};

const definition = (must: readonly number[]): Value =>
  someOf(
    {
      3: u32,
      4: fc.integer({ min: 1, max: 6 }).map(w.u8),
      5: u8,
      6: u8,
      7: bytes(4),
      8: u8,
      9: u16,
      10: ip,
      11: ip,
      12: u16,
      13: u16,
      14: u16,
    },
    must,
  ).map((params) => w.parameters(params));

const dealiasReply = (newer: Newer): Value =>
  someOf(
    {
      ...newer,
      2: time,
      3: u16,
      4: u8,
      5: icmp,
      6: u8,
      7: icmpExtension,
      8: oneOf(1, 6, 17, 58).map(w.u8),
      9: u8,
      10: ip,
      11: u32,
      12: small(3),
    },
    [10],
  ).map((params) => w.parameters(params));

const dealiasProbe = (definitions: number, newer: Newer): Value =>
  fc
    .tuple(
      someOf({ 1: fc.nat(definitions - 1).map(w.u32), 2: time, 4: u16, 5: u32 }, []),
      fc.array(dealiasReply(newer), { maxLength: 3 }),
    )
    .map(([params, replies]) => [
      ...w.parameters([...params, [3, w.u16(replies.length)]]),
      ...replies.flat(),
    ]);

const dealiasOf = (newer: Newer, newerReply: Newer, must: readonly number[]): Value =>
  fc.integer({ min: 1, max: 5 }).chain((method) => {
    const definitions = method === 1 ? 1 : method === 2 || method === 5 ? 2 : definitionCount;
    return fc
      .tuple(
        someOf({ ...listAndCycle, ...newer, 3: time, 5: small(6), 7: u32 }, []),
        METHOD_PARAMETERS[method]!,
        fc.array(definition(must), { minLength: definitions, maxLength: definitions }),
        fc.array(dealiasProbe(definitions, newerReply), { maxLength: 4 }),
      )
      .map(([params, ofMethod, defs, probes]) =>
        w.withParameters(
          9,
          [...params, [4, w.u8(method)], [6, w.u32(probes.length)]],
          [...w.parameters(ofMethod), ...defs.flat(), ...probes.flat()],
        ),
      );
  });
export const dealias = dealiasOf({}, {}, [4, 7, 10, 11]);
export const dealiasOf2026 = dealiasOf({ 8: hopName }, { 13: u16 }, [4, 7, 10]);

const tcpOption: Value = fc.oneof(
  fc.constant([1]),
  u8.map(([shift]) => [3, 3, shift!]),
  fc.constant([4, 2]),
  fc.integer({ min: 1, max: 3 }).chain((n) => bytes(8 * n).map((blocks) => [5, 2 + 8 * n, ...blocks])),
  bytes(8).map((value) => [8, 10, ...value]),
  bytes(6).map((cookie) => [34, 8, ...cookie]),
  bytes(4).map((cookie) => [254, 8, 0xf9, 0x89, ...cookie]),
  fc.constant([254, 4, 1, 2]),
  bytes(2).map((value) => [77, 4, ...value]),
  fc.constant([0]),
);

const tcp: Value = fc
  .tuple(
    fc.tuple(u16, u16, u32, u32, fc.oneof(oneOf(2, 0x12, 0x10, 4, 0x14, 0x18), fc.nat(255)), u16),
    fc.array(tcpOption, { maxLength: 3 }),
    fc.nat(5),
  )
  .map(([[sport, dport, seq, ack, flags, window], options, dataLength]) => {
    const all = options.flat().slice(0, 40);
    while (all.length % 4 !== 0) all.push(1);
    const header = [
      ...sport,
      ...dport,
      ...seq,
      ...ack,
      (5 + all.length / 4) << 4,
      flags,
      ...window,
      0,
      0,
      0,
      0,
      ...all,
    ];
    return [...header, ...Array.from({ length: dataLength }, () => 7)];
  });

const ipv4Packet: Value = fc
  .tuple(tcp, u8, u16, oneOf(0, 0, 0x4000, 0x2000, 0x0010, 0x2001), u8, oneOf(6, 6, 6, 17))
  .map(([payload, tos, id, fragment, ttl, protocol]) => {
    const length = 20 + payload.length;
    return [
      0x45,
      ...tos,
      ...w.u16(length),
      ...id,
      ...w.u16(fragment),
      ...ttl,
      protocol,
      0,
      0,
      10,
      0,
      0,
      1,
      10,
      0,
      0,
      2,
      ...payload,
    ];
  });

const ipv6Packet: Value = fc
  .tuple(tcp, u8, u8, fc.option(fc.tuple(oneOf(0, 0, 1, 8, 9, 16, 0xfff8), u32)), oneOf(6, 6, 6, 17))
  .map(([payload, [tos], ttl, fragment, protocol]) => {
    const extension = fragment === null ? [] : [protocol, 0, ...w.u16(fragment[0]), ...fragment[1]];
    const length = extension.length + payload.length;
    const next = fragment === null ? protocol : 44;
    const head = [0x60 | (tos! >> 4), (tos! << 4) & 255, 0, 0, ...w.u16(length), next, ...ttl];
    return [...head, ...Array.from({ length: 32 }, (_, i) => i), ...extension, ...payload];
  });

const packet = fc
  .tuple(oneOf(1, 2, 1, 2, 3).map(w.u8), time, fc.oneof(ipv4Packet, ipv6Packet))
  .map(([direction, at, data]) =>
    w.parameters([
      [1, direction],
      [2, at],
      [3, w.u16(data.length)],
      [4, data],
    ]),
  );

const TEST_PARAMETERS: Record<number, fc.Arbitrary<Parameter[]>> = {
  1: someOf({ 1: u16, 2: u8, 3: u8, 4: ip }, []),
  3: someOf({ 1: u16, 2: u16 }, []),
  5: someOf({ 1: u32 }, []),
  7: someOf({ 1: u32, 2: u8 }, []),
  8: someOf({ 1: u32, 2: u8 }, []),
  9: someOf({ 1: u32, 2: u8 }, []),
  10: someOf({ 1: u32, 2: u8 }, []),
};
const APPLICATION_PARAMETERS: Record<number, fc.Arbitrary<Parameter[]>> = {
  1: someOf({ 1: word, 2: word, 3: small(2) }, []),
  5: someOf({ 1: u32 }, []),
};

const part = (kind: number, params: fc.Arbitrary<Parameter[]> | undefined): Value =>
  params === undefined
    ? fc.constant([])
    : params.map((list) => {
        const body = w.parameters(list);
        return [...w.u16(kind), ...w.u32(body.length), ...body];
      });

const tbitOf = (newer: Newer): Value =>
  fc.tuple(fc.integer({ min: 0, max: 11 }), oneOf(0, 1, 1, 2, 5)).chain(([test, app]) =>
    fc
      .tuple(
        someOf(
          {
            ...listAndCycle,
            ...newer,
            3: u32,
            4: ip,
            5: ip,
            6: u16,
            7: u16,
            8: time,
            9: fc.oneof(fc.nat(90), oneOf(60)).map(w.u16),
            12: u16,
            13: u16,
            14: u8,
            15: u8,
            18: fc.nat(16).chain((n) => bytes(n).map((cookie) => [n, ...cookie])),
            19: u8,
            // Of bits in the upper half scamper's tool prints what it finds in memory; of no name at all, too.
            20: u16.map(([high, low]) => [0, 0, high!, low! | 1]),
            21: u8,
          },
          [4, 5],
        ),
        fc.array(packet, { maxLength: 6 }),
        part(1, TEST_PARAMETERS[test]),
        part(2, APPLICATION_PARAMETERS[app]),
      )
      .map(([params, packets, testPart, appPart]) =>
        w.withParameters(
          11,
          [...params, [10, w.u8(test)], [11, w.u8(app)], [16, w.u16(packets.length)]],
          [...packets.flat(), ...testPart, ...appPart, ...w.u16(0)],
        ),
      ),
  );
export const tbit = tbitOf({});
export const tbitOf2026 = tbitOf({ 22: hopName });
