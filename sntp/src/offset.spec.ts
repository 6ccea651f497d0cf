import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answerTo, type Said } from '../test/support/fake.ntp.js';
import type { Reply } from './exchange.js';
import { sampleOf, whyUnusable } from './offset.js';
import { encodeRequest, readPacket } from './packet.js';

const request = encodeRequest(Buffer.alloc(8, 7));
const NOW = Date.parse('2026-11-21T00:00:00Z');

/** An exchange of a host whose clock is exact, with a server that is ahead by `skew` and takes `there`, `inside` and `back` ms. */
function replyOf(skew: number, [there, inside, back]: number[], said: Said = {}, sentAt = NOW): Reply {
  const received = sentAt + Number(there) + skew;
  const answer = answerTo(request, { received, transmitted: received + Number(inside), ...said });
  const wall = Math.floor(sentAt);
  const roundTripMs = Number(there) + Number(inside) + Number(back);
  return { packet: readPacket(answer, wall), sent: { wall, monotonic: 0 }, roundTripMs };
}

describe('a comparison', () => {
  const way = fc.double({ min: 0, max: 3_000, noNaN: true });

  test('whatever the ways take, the true offset lies within the bound', () => {
    fc.assert(
      fc.property(
        way,
        fc.double({ min: 0, max: 200, noNaN: true }),
        way,
        fc.double({ min: -1e8, max: 1e8, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (there, inside, back, skew, part) => {
          const { offset, error } = sampleOf(replyOf(skew, [there, inside, back], {}, NOW + part));
          expect(Math.abs(offset - skew)).toBeLessThanOrEqual(error);
        },
      ),
    );
  });

  test('a server that is itself off by what it admits is within the bound', () => {
    const admitted = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1_000, noNaN: true }),
        admitted,
        fc.double({ min: -1, max: 1, noNaN: true }),
        (rootDelayMs, rootDispersionMs, share) => {
          const off = share * (rootDelayMs / 2 + rootDispersionMs);
          const { offset, error } = sampleOf(
            replyOf(50 + off, [10, 0, 10], { rootDelayMs, rootDispersionMs }),
          );
          expect(Math.abs(offset - 50)).toBeLessThanOrEqual(error);
        },
      ),
    );
  });

  test('the bound is no wider than what is not known', () => {
    const { error, delay } = sampleOf(replyOf(0, [10, 500, 10], { rootDelayMs: 8, rootDispersionMs: 3 }));
    expect(delay).toBeCloseTo(20, 2);
    // Half the delay, half the root delay, the root dispersion, half a ms of grain, the drift of half a second.
    expect(error).toBeCloseTo(10 + 4 + 3 + 0.5 + 0.026, 2);
  });

  test.each<[string, Said, string]>([
    ['a kiss-o’-death', { stratum: 0, referenceId: 'RATE' }, 'kiss RATE'],
    ['a server that wants to be left alone', { stratum: 0, leap: 3, referenceId: 'DENY' }, 'kiss DENY'],
    ['a restricted server', { stratum: 0, leap: 3, referenceId: 'RSTR' }, 'kiss RSTR'],
    // chrony 4.3 and openntpd 6.2p3 without a source; root delay and dispersion of chrony are 1 s
    [
      'a server that has no source yet',
      { stratum: 0, leap: 3, referenceId: '', rootDelayMs: 1000, rootDispersionMs: 1000 },
      'not synchronised',
    ],
    // ntpsec 1.2.2; RFC 5905, section 7.4: a code for the log
    ['a server that has just started', { stratum: 0, leap: 3, referenceId: 'INIT' }, 'not synchronised'],
    ['a server whose clock was stepped', { stratum: 0, leap: 3, referenceId: 'STEP' }, 'not synchronised'],
    // chrony 4.3, `local stratum 10`
    [
      'a clock that nobody sets',
      { stratum: 10, referenceId: '127.127.1.1', rootDelayMs: 0, rootDispersionMs: 0 },
      'serves its own clock',
    ],
    [
      'ntpd’s driver of an undisciplined clock',
      { stratum: 6, referenceId: '127.127.1.0', rootDispersionMs: 11 },
      'serves its own clock',
    ],
    ['the same at stratum 1', { stratum: 1, referenceId: 'LOCL' }, 'serves its own clock'],
    [
      'a server that claims to make no error',
      { stratum: 2, referenceId: '192.0.2.1', rootDelayMs: 0, rootDispersionMs: 0 },
      'says nothing of its error',
    ],
    ['a clock that is not synchronised', { leap: 3 }, 'not synchronised'],
    ['stratum 16', { stratum: 16 }, 'not synchronised'],
    ['a receive time that is missing', { received: 0 }, 'no time stamp'],
    ['a transmit time that is missing', { transmitted: 0 }, 'no time stamp'],
    ['a server that is minutes from the truth', { rootDispersionMs: 60_000 }, 'too far from the true time'],
    [
      'an answer before the question',
      { received: NOW, transmitted: NOW - 50 },
      'answered before it was asked',
    ],
    [
      'an answer that took longer than it can have',
      { received: NOW, transmitted: NOW + 5_000 },
      'took longer than the whole round trip',
    ],
    ['a clock set in the future', { reference: NOW + 60_000 }, 'set in the future'],
  ])('%s is not used', (_what, said, why) => {
    expect(whyUnusable(replyOf(0, [5, 0, 5], said))).toBe(why);
  });

  test('an honest answer is used', () => {
    expect(whyUnusable(replyOf(-90_000, [5, 1, 5]))).toBeNull();
    expect(whyUnusable(replyOf(0, [0, 0, 0], { stratum: 15, reference: 0 }))).toBeNull();
    const gps = { stratum: 1, referenceId: 'GPS', rootDelayMs: 0, rootDispersionMs: 0 };
    expect(whyUnusable(replyOf(0, [0, 0, 0], gps))).toBeNull();
    expect(whyUnusable(replyOf(0, [0, 0, 0], { rootDelayMs: 0.1, rootDispersionMs: 0 }))).toBeNull();
  });
});
