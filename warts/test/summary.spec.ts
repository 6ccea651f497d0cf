import { describe, expect, it } from '@jest/globals';
import { decode, summarize } from '../src/index.js';
import type { PingRecord, TraceRecord } from '../src/index.js';
import * as w from './support/writer.js';
import type { Bytes, Parameter } from './support/writer.js';

const SRC = w.ipv4('192.0.2.1');
const DST = w.ipv4('192.0.2.9');

const reply = (seq: number, us: number): Bytes =>
  w.parameters([
    [6, w.u32(us)],
    [7, w.u16(seq)],
    [12, DST],
  ]);

function ping(sent: number, replies: readonly Bytes[]): PingRecord {
  const params: Parameter[] = [
    [5, w.time(1_700_000_000, 5)],
    [15, w.u16(sent)],
    [20, SRC],
    [21, DST],
  ];
  return decode(Uint8Array.from(w.withParameters(7, params, w.counted(replies)))).records[0] as PingRecord;
}

const hop = (ttl: number, quad: string, us: number, icmp: Bytes = [11, 0]): Bytes =>
  w.parameters([
    [2, w.u8(ttl)],
    [6, w.u32(us)],
    [7, icmp],
    [18, w.ipv4(quad)],
  ]);

function trace(hops: readonly Bytes[]): TraceRecord {
  const params: Parameter[] = [
    [6, [1]],
    [11, [5]],
    [26, SRC],
    [27, DST],
  ];
  return decode(Uint8Array.from(w.withParameters(6, params, [...w.counted(hops), ...w.u16(0)])))
    .records[0] as TraceRecord;
}

describe('summary of a ping', () => {
  it('counts answers and duplicates apart, and takes times over all of them', () => {
    expect(summarize(ping(4, [reply(0, 1000), reply(0, 3000), reply(2, 2001)]))).toEqual({
      type: 'ping',
      src: '192.0.2.1',
      dst: '192.0.2.9',
      start: { sec: 1_700_000_000, usec: 5 },
      sent: 4,
      received: 2,
      duplicates: 1,
      loss: 0.5,
      rtt_min_ms: 1,
      rtt_avg_ms: 2,
      rtt_median_ms: 2.001,
      rtt_max_ms: 3,
      rtt_stddev_ms: 0.816,
    });
  });

  it('has no times without answers and no loss without probes', () => {
    expect(summarize(ping(2, []))).toMatchObject({ loss: 1, rtt_min_ms: null, rtt_median_ms: null });
    expect(summarize(ping(0, []))).toMatchObject({ loss: null, received: 0 });
  });
});

describe('summary of a trace', () => {
  it('gives the path by TTL, with the first answer of each and null where none came', () => {
    const record = trace([
      hop(1, '192.0.2.3', 100),
      hop(1, '192.0.2.4', 100),
      hop(3, '192.0.2.9', 1234, [3, 3]),
    ]);
    expect(summarize(record)).toMatchObject({
      reached: true,
      hop_count: 3,
      stop_reason: 'COMPLETED',
      path: ['192.0.2.3', null, '192.0.2.9'],
      rtt_ms: 1.234,
    });
  });

  it('hashes equal paths equally, with FNV-1a of 64 bits', () => {
    // Of the text "192.0.2.3\n*\n192.0.2.9\n", by the definition in the README.
    let hash = 0xcbf29ce484222325n;
    for (const char of '192.0.2.3\n*\n192.0.2.9\n') {
      hash = ((hash ^ BigInt(char.charCodeAt(0))) * 0x100000001b3n) & 0xffffffffffffffffn;
    }
    const one = summarize(trace([hop(1, '192.0.2.3', 1), hop(3, '192.0.2.9', 2)]));
    expect(one.path_hash).toBe(hash.toString(16).padStart(16, '0'));
    expect(summarize(trace([hop(1, '192.0.2.3', 1), hop(2, '192.0.2.9', 2)])).path_hash).not.toBe(
      one.path_hash,
    );
  });

  it('is not reached without the destination', () => {
    expect(summarize(trace([hop(1, '192.0.2.3', 100)]))).toMatchObject({ reached: false, rtt_ms: null });
    expect(summarize(trace([]))).toMatchObject({ path: [], hop_count: 0 });
  });
});
