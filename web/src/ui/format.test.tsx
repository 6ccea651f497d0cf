import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ago, counted, duration, every, ms, percent, placeWords } from './format.js';
import { Time } from './parts.js';

describe('words of numbers and times', () => {
  it('shows a time in the zone of the reader, and in UTC when pointed at', () => {
    render(<Time at="2026-11-29T01:02:03.456Z" />);
    const time = screen.getByRole('time');
    expect(time.textContent).toBe('2026-11-28 22:02:03');
    expect(time.title).toBe('2026-11-29 01:02:03 UTC');
    expect(time.getAttribute('datetime')).toBe('2026-11-29T01:02:03.456Z');
  });

  it('says never of what has no time', () => {
    render(<Time at={null} />);
    expect(screen.getByText('never')).toBeTruthy();
  });

  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [61, '1 minute 1 second'],
    [7_200, '2 hours'],
    [187_261, '2 days 4 hours'],
  ])('%d s last %s', (seconds, words) => expect(duration(seconds)).toBe(words));

  it.each([
    [60, 'every minute'],
    [300, 'every 5 minutes'],
    [90, 'every 90 seconds'],
    [86_400, 'every day'],
  ])('%d s from run to run: %s', (seconds, words) => expect(every(seconds)).toBe(words));

  it.each([
    [null, '–'],
    [0, '0 ms'],
    [0.01234, '0.012 ms'],
    [1.234, '1.23 ms'],
    [9.999, '10.0 ms'],
    [12.34, '12.3 ms'],
    [99.96, '100 ms'],
    [1_234.5, '1,235 ms'],
    [-12.34, '-12.3 ms'],
  ])('%s milliseconds are %s', (value, words) => expect(ms(value)).toBe(words));

  it('counts one as one, and none as several', () => {
    expect([0, 1, 1_000].map((count) => counted(count, 'probe'))).toEqual([
      '0 probes',
      '1 probe',
      '1,000 probes',
    ]);
  });

  it('never rounds a share that is not whole to a whole', () => {
    expect([0, 0.5, 0.99999, 1, null].map((share) => percent(share))).toEqual([
      '0 %',
      '50 %',
      '99.9 %',
      '100 %',
      '–',
    ]);
  });

  it('says how long ago, and nothing of the future where clocks differ', () => {
    const now = Date.parse('2026-11-29T12:00:00Z');
    expect(ago('2026-11-29T11:58:00Z', now)).toBe('2 minutes ago');
    expect(ago('2026-11-29T12:00:30Z', now)).toBe('just now');
  });

  it('writes places as maps do', () => {
    expect(placeWords({ latitude: -34.6, longitude: -58.38 })).toBe('34.6° S, 58.38° W');
  });
});
