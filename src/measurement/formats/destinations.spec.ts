import { describe, expect, it } from '@jest/globals';
import { type Destination } from '@pladmed/protocol';
import { type PingSummary } from '@pladmed/warts';
import { layBesideDestinations } from './destinations.js';

const withDestinations = (...laid: Parameters<typeof layBesideDestinations>) =>
  layBesideDestinations(...laid).map(({ entry }) => entry);

const figures = (dst: string, rtt: number): PingSummary => ({
  type: 'ping',
  src: '192.0.2.9',
  dst,
  start: { sec: 1, usec: 0 },
  sent: 1,
  received: 1,
  duplicates: 0,
  loss: 0,
  rtt_min_ms: rtt,
  rtt_avg_ms: rtt,
  rtt_median_ms: rtt,
  rtt_max_ms: rtt,
  rtt_stddev_ms: 0,
  errors: [],
});
const measured = (userid: number, dst: string, rtt: number) => ({ userid, summary: figures(dst, rtt) });
const asked = (destination: string, address: string | null, more: Partial<Destination> = {}) => ({
  destination,
  address,
  resolve_ms: null,
  error: null,
  ...more,
});

const ONE = '192.0.2.1';
const OTHER = '2001:db8::2';
/** What tells entries apart: the name, the address and an RTT. */
const told = (entries: object[]) =>
  (entries as Record<string, unknown>[]).map((entry) => [
    entry['destination'],
    entry['dst'],
    entry['rtt_avg_ms'],
    entry['error'],
  ]);

describe('what was measured, by the destinations asked for', () => {
  it('is as it was of a probe that does not name them', () => {
    expect(withDestinations([measured(0, ONE, 1)], [])).toEqual([figures(ONE, 1)]);
  });

  it('is in the order asked for, by number: names of one address are entries of their own', () => {
    const records = [measured(4, OTHER, 4), measured(1, ONE, 1), measured(3, ONE, 3), measured(2, ONE, 2)];
    const names = [asked(ONE, ONE), asked('a.example', ONE, { resolve_ms: 5 }), asked('b.example', ONE)];
    const entries = withDestinations(records, [...names, asked('c.example', OTHER)]);
    expect(told(entries)).toEqual([
      [ONE, ONE, 1, null],
      ['a.example', ONE, 2, null],
      ['b.example', ONE, 3, null],
      ['c.example', OTHER, 4, null],
    ]);
    expect(entries[1]).toEqual({ ...figures(ONE, 2), destination: 'a.example', resolve_ms: 5, error: null });
  });

  it('is joined by address and order where records have no number, or an impossible one', () => {
    const records = [measured(0, ONE, 1), measured(99, OTHER, 2), measured(0, ONE, 3)];
    const entries = withDestinations(records, [asked('a', ONE), asked('b', ONE), asked('c', OTHER)]);
    expect(told(entries)).toEqual([
      ['a', ONE, 1, null],
      ['b', ONE, 3, null],
      ['c', OTHER, 2, null],
    ]);
  });

  it('keeps a destination that was not measured, with the reason', () => {
    const destinations = [
      asked('six.example', OTHER, { error: 'no_family', note: 'A: timeout' }),
      asked('a', ONE),
    ];
    const entries = withDestinations([measured(2, ONE, 1)], [...destinations, asked('b', ONE)]);
    expect(entries[0]).toEqual({
      type: 'ping',
      destination: 'six.example',
      resolve_ms: null,
      note: 'A: timeout',
      dst: OTHER,
      error: 'no_family',
    });
    expect(told(entries)).toEqual([
      ['six.example', OTHER, undefined, 'no_family'],
      ['a', ONE, 1, null],
      ['b', ONE, undefined, 'nothing_sent'],
    ]);
  });

  it('keeps what belongs to no destination', () => {
    expect(told(withDestinations([measured(7, OTHER, 1)], [asked('a', ONE)]))).toEqual([
      ['a', ONE, undefined, 'nothing_sent'],
      [undefined, OTHER, 1, undefined],
    ]);
  });
});
