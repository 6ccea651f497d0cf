import { describe, expect, test } from '@jest/globals';
import { mtrParams } from '@pladmed/protocol';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode } from '@pladmed/warts';
import { scamperArguments } from '../../measuring/scamper.js';
import { mtr, mtrCommand, reportsOf } from './index.js';

const FIXTURES = join(import.meta.dirname, '../../../../warts/test/fixtures');

const params = (given: object) => mtrParams.schema.parse({ ips: ['192.0.2.1'], ...given });

describe('mtr', () => {
  test.each([
    [{}, 'trace -P icmp-paris -Q -q 3 -m 30 -w 2 -U 1 192.0.2.1'],
    [{ packets: 16, protocol: 'udp' }, 'trace -P udp-paris -Q -q 16 -m 30 -w 2 -d 80 -U 1 192.0.2.1'],
    [{ protocol: 'tcp', port: 443 }, 'trace -P tcp -Q -q 3 -m 30 -w 2 -d 443 -U 1 192.0.2.1'],
  ])('%j is one command of scamper', (given, command) => {
    const numbered = [{ userid: 1, address: '192.0.2.1' }];
    const settings = { output: 'file', packetsPerSecond: 100 };
    expect(scamperArguments(mtrCommand(params(given)), numbered, settings)).toContain(command);
  });

  test('has as much time as its silent hops may take', () => {
    expect(mtr.timeLimitMs(params({}))).toBeGreaterThan(15 * 3 * 2000);
    expect(mtr.trafficBytes(params({ packets: 2 }))).toBe(30 * 2 * 2 * 104);
  });

  /** Traces that scamper has written: every answer up to the end of the path is in the report, under its TTL. */
  test('says of each hop what scamper has recorded', () => {
    let hops = 0;
    const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.warts'))) {
      const [trace] = decode(readFileSync(join(FIXTURES, file))).records.flatMap((each) =>
        each.type === 'trace' ? [each] : [],
      );
      if (trace === undefined) continue;
      const written = Buffer.from(encode([{ ...trace, userid: 1 }]));
      const asked = { destination: 'd', address: trace.dst.toString(), resolve_ms: null, error: null };
      const [report] = reportsOf(written, [asked], trace.attempts);
      for (const { ttl, sent, replies } of report!.hops) {
        const recorded = trace.hops.filter(({ probe_ttl }) => probe_ttl === ttl);
        expect(replies.map(({ rtt_ms }) => rtt_ms)).toEqual(recorded.map(({ rtt_us }) => rtt_us / 1000));
        expect(sent).toBeGreaterThanOrEqual(new Set(replies.map(({ packet }) => packet)).size);
        hops += 1;
      }
    }
    expect(hops).toBeGreaterThan(0);
  });

  test('a destination without a record was not sent anything', () => {
    const asked = { destination: 'a.example', address: null, resolve_ms: 1, error: null, note: 'A: timeout' };
    expect(reportsOf(Buffer.alloc(0), [asked], 3)).toEqual([
      {
        ...{ destination: 'a.example', address: null, resolve_ms: 1, note: 'A: timeout', packets: 3 },
        ...{
          source: null,
          sent_at: null,
          reached: false,
          stop_reason: null,
          hops: [],
          error: 'nothing_sent',
        },
      },
    ]);
  });
});
