import { describe, expect, it } from '@jest/globals';
import { Random } from '../../../../test/chaos/random.js';
import { type Summary } from '../../../measurement/formats/summary.js';
import { observationOf } from './observation.js';
import { observeSeries, type SeriesChange, type SeriesState } from './series.js';

const MINUTE = 60_000;
const LONG = 150;
const moment = (n: number) => ({ time: n * MINUTE, result: `r${n}` });

function changesOf(entries: readonly Summary[], state: SeriesState = {}): SeriesChange[] {
  return entries.flatMap((entry, n) => {
    const found = observationOf(entry);
    return found ? observeSeries(state, found, moment(n)) : [];
  });
}
const times = (count: number, of: (n: number) => Summary): Summary[] =>
  Array.from({ length: count }, (_, n) => of(n));

const dns = (rcode: string | null, records: string[] | null, more: Summary = {}): Summary => ({
  type: 'dns',
  name: 'example.org',
  qtype: 'A',
  resolver: '192.0.2.53',
  rtt_ms: 3,
  rcode,
  answers: records === null ? null : records.length,
  answer_data: records,
  ...more,
});
const tls = (fingerprint: string | null): Summary => ({
  type: 'tls',
  destination: 'example.org',
  port: 443,
  connect_ms: 12,
  fingerprint_sha256: fingerprint,
  subject: 'CN=example.org',
  issuer: `CN=issuer of ${fingerprint}`,
  not_after: '2027-01-01T00:00:00.000Z',
});
const http = (status: number | null): Summary => ({
  type: 'http',
  url: 'https://example.org/',
  connect_ms: 9,
  status,
});
const ntp = (stratum: number | null, leap: number | null): Summary => ({
  type: 'ntp',
  destination: 'ntp.example.org',
  delay_ms: 5,
  stratum,
  leap,
});

describe('what changes at a destination', () => {
  it('is a certificate, not one of several that a server has', () => {
    const certificate = (name: string) => ({
      fingerprint_sha256: name,
      subject: 'CN=example.org',
      issuer: `CN=issuer of ${name}`,
      not_after: '2027-01-01T00:00:00.000Z',
    });
    const random = new Random(1);
    const changes = changesOf([
      ...times(LONG, () => tls(random.pick(['a', 'b', 'c']))),
      ...times(LONG, (n) => tls(n % 7 === 0 ? null : 'd')),
    ]);
    expect(changes).toHaveLength(1);
    const [change] = changes;
    expect(change).toMatchObject({
      type: 'certificate',
      destination: 'example.org port 443',
      after: { certificates: [certificate('d')] },
      since: (LONG + 1) * MINUTE,
      firstResult: `r${LONG + 1}`,
      resultBefore: `r${LONG}`,
    });
    expect(change?.before).toEqual({
      certificates: expect.arrayContaining(['a', 'b', 'c'].map((name) => certificate(name))),
    });
  });

  it('is the set of answers, in whatever order they come', () => {
    const random = new Random(2);
    const shuffled = (records: string[]) => (random.chance(0.5) ? records : [...records].reverse());
    const changes = changesOf([
      ...times(LONG, () => dns('NOERROR', shuffled(['192.0.2.1', '192.0.2.2']))),
      ...times(LONG, () => dns('NOERROR', shuffled(['192.0.2.1', '192.0.2.3']))),
      ...times(LONG, () => dns('NOERROR', ['192.0.2.1'])),
      ...times(LONG, () => dns('NXDOMAIN', [])),
    ]);
    expect(changes.map(({ before, after, since }) => ({ before, after, since: since / MINUTE }))).toEqual([
      {
        before: { rcode: 'NOERROR', records: ['192.0.2.1', '192.0.2.2'], count: 2 },
        after: { rcode: 'NOERROR', records: ['192.0.2.1', '192.0.2.3'], count: 2 },
        since: LONG,
      },
      {
        before: { rcode: 'NOERROR', records: ['192.0.2.1', '192.0.2.3'], count: 2 },
        after: { rcode: 'NOERROR', records: ['192.0.2.1'], count: 1 },
        since: 2 * LONG,
      },
      {
        before: { rcode: 'NOERROR', records: ['192.0.2.1'], count: 1 },
        after: { rcode: 'NXDOMAIN', records: [], count: 0 },
        since: 3 * LONG,
      },
    ]);
  });

  it('is no answer out of many, a failed query, or one SERVFAIL; it is when all of the many are others', () => {
    const random = new Random(3);
    const few = (prefix: string) => {
      const some = new Set(Array.from({ length: 4 }, () => `${prefix}.${random.whole(1, 40)}`));
      return [...some];
    };
    const at = (prefix: string) => () =>
      random.chance(0.02)
        ? dns('SERVFAIL', [])
        : random.chance(0.02)
          ? dns(null, null, { error: 'timeout' })
          : dns('NOERROR', few(prefix));
    const changes = changesOf([...times(1000, at('192.0.2')), ...times(300, at('198.51.100'))]);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ type: 'dns_answers', since: expect.any(Number) });
    expect(changes[0]!.since / MINUTE).toBeLessThan(1010);
  });

  it('is not what is cut of a long answer, or was stored before there was data of answers', () => {
    const cut = (n: number) => dns('NOERROR', [`192.0.2.${n}`], { answers: 40 });
    const early = (n: number): Summary => {
      const { answer_data: _data, ...entry } = dns('NOERROR', [], { answers: n % 3 });
      return entry;
    };
    expect(changesOf([...times(50, cut), ...times(50, early)])).toEqual([]);
  });

  it('is a status that stays, and what a time server is', () => {
    const statuses = [...times(LONG, () => http(200)), ...times(2, () => http(503)), http(null)];
    expect(changesOf([...statuses, ...times(5, () => http(200))])).toEqual([]);
    expect(changesOf([...statuses, ...times(5, () => http(503))])).toMatchObject([
      { type: 'http_status', before: { statuses: [200] }, after: { statuses: [503] } },
    ]);
    expect(changesOf([...times(LONG, () => ntp(2, 0)), ...times(5, () => ntp(16, 3))])).toMatchObject([
      {
        type: 'ntp_server',
        before: { servers: [{ stratum: 2, leap: 0 }] },
        after: { servers: [{ stratum: 16, leap: 3 }] },
      },
    ]);
  });

  it.each([
    ['trace', 'rtt_ms'],
    ['mtr', 'rtt_median_ms'],
  ])('is a path of %s, and a level beside it', (type, member) => {
    const trace = (hop: string, ms: number): Summary => ({
      type,
      dst: '192.0.2.1',
      path: ['192.0.2.9', hop, null, '192.0.2.1'],
      [member]: ms,
    });
    const random = new Random(4);
    const changes = changesOf([
      ...times(LONG, () => trace('192.0.2.10', 20 + random.next())),
      ...times(LONG, () => trace('192.0.2.11', 30 + random.next())),
    ]);
    expect(changes.map(({ type, since }) => [type, since / MINUTE])).toEqual([
      ['path', LONG],
      ['rtt_level', LONG],
    ]);
    expect(changes[0]).toMatchObject({
      before: { hops: [{ ttl: 2, addresses: ['192.0.2.10'] }] },
      after: { hops: [{ ttl: 2, addresses: ['192.0.2.11'] }] },
    });
  });

  it('is nothing that comes late or twice', () => {
    const state: SeriesState = {};
    changesOf(
      times(LONG, () => http(200)),
      state,
    );
    const before = JSON.stringify(state);
    const found = observationOf(http(500));
    for (let n = 0; n < LONG; n += 1) expect(observeSeries(state, found!, moment(n))).toEqual([]);
    expect(JSON.stringify(state)).toBe(before);
  });

  it.each([
    [{}],
    [{ type: 'constructor' }],
    [{ type: 'ping', dst: null, error: 'no address' }],
    [{ type: 'dns', error: 'cannot be read: name: must be text' }],
    [{ type: 'trace', dst: '192.0.2.1', path: 'none', rtt_ms: 'x' }],
  ])('is nothing in an entry without figures: %j', (entry) => {
    const state: SeriesState = {};
    const found = observationOf(entry);
    expect(found === undefined ? [] : observeSeries(state, found, moment(1))).toEqual([]);
  });

  it('keeps a state of some kilobytes, however long the texts are', () => {
    const long = (n: number) => `"${'x'.repeat(5000)}${n}"`;
    const state: SeriesState = {};
    changesOf(
      times(500, (n) => dns('NOERROR', [long(n), long(n + 1)], { name: 'y'.repeat(5000) })),
      state,
    );
    expect(JSON.stringify(state).length).toBeLessThan(64 * 1024);
  });
});
