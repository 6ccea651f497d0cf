import { wholeText } from '../../formats/pieces.js';
import { describe, expect, it } from '@jest/globals';
import { InvalidParamsError } from '../../params/invalid-params.error.js';
import { ntpFormat } from './ntp.format.js';
import { ntp } from './ntp.kind.js';

function fields(params: object): string[] {
  try {
    ntp.check(params, 'refuse');
    return [];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.violations.map(({ field }) => field);
    throw error;
  }
}

describe('ntp, its parameters', () => {
  it('have a destination for each address and name', () => {
    const destinations = { ips: ['192.0.2.1', '2001:db8::1'], fqdns: ['ntp.example.org'] };
    const more = { port: 1123, samples: 10, ipv4: '', timeout_s: 10 };
    const checked = ntp.check({ ...destinations, ...more }, 'refuse');
    expect(checked.destinations).toEqual(['192.0.2.1', '2001:db8::1', 'ntp.example.org']);
    expect(checked.wire).toEqual({ ...destinations, ...more });
  });

  it('have 1 to 100 destinations in all', () => {
    const list = (length: number) => Array.from({ length }, () => '192.0.2.1');
    expect(fields({ ips: list(100) })).toEqual([]);
    expect(fields({ ips: list(101) })).toEqual(['params.ips']);
    expect(fields({ ips: list(99), fqdns: ['a.example', 'b.example'] })).toEqual(['params']);
    expect(fields({})).toEqual(['params']);
  });

  it.each([
    { port: 0 },
    { samples: 0 },
    { samples: 11 },
    { samples: 1.5 },
    { timeout_s: 11 },
    { ipv6: true },
    { mode: 6 },
  ])('have no %j', (wrong) => {
    expect(fields({ fqdns: ['ntp.example.org'], ...wrong })).toEqual([`params.${Object.keys(wrong).join()}`]);
  });
});

const entry = {
  destination: 'ntp.example.org',
  address: '192.0.2.1',
  port: 123,
  resolve_ms: 4.5,
  sent_at: '2026-01-01T00:00:00.000Z',
  version: 4,
  leap: 0,
  stratum: 2,
  poll: 6,
  precision: -23,
  root_delay_ms: 5.5,
  root_dispersion_ms: 1.25,
  reference_id: '198.51.100.7',
  reference_time: '2025-12-31T23:59:00.000Z',
  offset_ms: -0.75,
  error_ms: 14.5,
  delay_ms: 20.25,
  error: null,
};
const silent = Object.fromEntries(
  Object.keys(entry).map((name) => [
    name,
    ['destination', 'address', 'port', 'sent_at'].includes(name) ? entry[name as 'port'] : null,
  ]),
);
const documentOf = (...exchanges: object[]) => Buffer.from(JSON.stringify({ version: 1, exchanges }));

describe('ntp, its format', () => {
  it('says of each question what came of it', async () => {
    const raw = documentOf(entry, { ...silent, error: 'timeout' });
    const { summary, error } = await ntpFormat.digest(raw);
    expect(error).toBeUndefined();
    expect(summary).toMatchObject([
      { type: 'ntp', stratum: 2, leap: 0, offset_ms: -0.75, error_ms: 14.5, delay_ms: 20.25, error: null },
      { type: 'ntp', destination: 'ntp.example.org', stratum: null, offset_ms: null, error: 'timeout' },
    ]);
    expect(JSON.parse(await wholeText(ntpFormat.present(raw, 'json')))).toHaveLength(2);
  });

  // docs/protocol.md: a clock may be compared with an answer whose `error` is null, and with no other.
  it('has no offset of an answer that must not be used, and its entry keeps what it said', async () => {
    const unusable = { ...entry, leap: 3, stratum: 0, error: 'not synchronised' };
    const raw = documentOf(unusable);
    const { summary } = await ntpFormat.digest(raw);
    expect(summary).toMatchObject([
      { leap: 3, stratum: 0, offset_ms: null, error_ms: null, delay_ms: null, error: 'not synchronised' },
    ]);
    expect(JSON.parse(await wholeText(ntpFormat.present(raw, 'json')))).toEqual([unusable]);
    const stored = { ...summary[0], offset_ms: 1, error_ms: 2, delay_ms: 3 };
    expect(ntpFormat.amend?.(stored)).toEqual(summary[0]);
  });

  // chrony.conf(5), `local`: such a server's time may be right; what it says of its error (0) is no statement
  it.each(['serves its own clock', 'says nothing of its error'])(
    'has the offset of an answer that %s, and no bound for it',
    async (error) => {
      const unbounded = { ...entry, stratum: 10, reference_id: '127.127.1.1', error };
      const { summary } = await ntpFormat.digest(documentOf({ ...unbounded, error_ms: null }));
      expect(summary).toMatchObject([{ offset_ms: -0.75, error_ms: null, delay_ms: 20.25, error }]);
      // one that older probes believed
      expect((await ntpFormat.digest(documentOf(unbounded))).summary).toEqual(summary);
    },
  );

  it.each([
    ['stratum that is none', documentOf({ ...entry, stratum: 256 })],
    ['offset that is none', documentOf({ ...entry, offset_ms: '1' })],
    ['error bound below nothing', documentOf({ ...entry, error_ms: -1 })],
    ['reference without end', documentOf({ ...entry, reference_id: 'x'.repeat(16) })],
  ])('has no %s', async (_what, raw) => {
    const { summary, error } = await ntpFormat.digest(raw);
    const unreadable = { type: 'ntp', error: expect.stringMatching(/^cannot be read: /) };
    expect([summary, error]).toEqual([summary.map(() => unreadable), expect.stringMatching(/^ntp: /)]);
  });
});
