import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  handshakeQuery,
  isSupported,
  MAX_MESSAGE_BYTES,
  progressMessage,
  REFUSALS,
  resultMessage,
  whyTooMuch,
} from './globalping.protocol.js';

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

describe('messages of Globalping probes', () => {
  it.each([
    ['a usual one', ['event', { result: { rawOutput: 'x'.repeat(20_000) } }], undefined],
    ['a long text', ['event', 'x'.repeat(MAX_MESSAGE_BYTES)], 'must have at most 262144 bytes'],
    ['a long name', ['event', { ['x'.repeat(MAX_MESSAGE_BYTES)]: 1 }], 'must have at most 262144 bytes'],
    ['bytes', ['event', Buffer.alloc(MAX_MESSAGE_BYTES + 1)], 'must have at most 262144 bytes'],
    ['many values', ['event', Array(200_000).fill(0)], 'must have at most 262144 bytes'],
    ['a deep one', ['event', nested(20)], undefined],
    ['one that is too deep', ['event', nested(5_000)], 'must be nested at most 24 deep'],
  ])('are bounded: %s', (_what, message, why) => {
    expect(whyTooMuch(message)).toBe(why);
  });

  it('are bounded near what they have as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(whyTooMuch(['event', value]) === undefined).toBe(
          JSON.stringify(value).length < MAX_MESSAGE_BYTES,
        );
      }),
    );
  });

  it('name a run and a request of it, or are none', () => {
    const ids = { measurementId: 'a'.repeat(24), testId: '7' };
    const result = { status: 'finished', rawOutput: '', more: 1 };
    expect(resultMessage.parse({ ...ids, result })).toEqual({ ...ids, testId: 7, result });
    for (const wrong of [
      { measurementId: '$gt' },
      { testId: 7 },
      { testId: '-1' },
      { result: { status: 'in-progress' } },
    ])
      expect(resultMessage.safeParse({ ...ids, result, ...wrong }).success).toBe(false);
    expect(progressMessage.safeParse({ ...ids, overwrite: 1, result: { rawOutput: '' } }).success).toBe(
      false,
    );
  });

  it.each([
    ['0.50.0', true],
    ['0.50.2', true],
    ['0.50.2-beta.1', true],
    ['0.51.0', true],
    ['1.0.0', true],
    ['0.49.9', false],
    ['0.5.2', false],
    ['50', false],
    ['undefined', false],
    ['0.50.2; x', false],
  ])('version %s is supported: %s', (version, supported) => {
    expect(isSupported(version)).toBe(supported);
  });

  // how a probe of 0.50.2 takes the message of a refusal: docs/globalping.md
  it('are refused in words that decide when the probe comes back', () => {
    for (const minute of [
      REFUSALS.noToken,
      REFUSALS.otherUsesIt,
      REFUSALS.unavailable,
      REFUSALS.suspended('x'),
    ])
      expect(minute).toMatch(/^failed to collect probe metadata: ./);
    expect(REFUSALS.version).toMatch(/^invalid probe version/);
    expect(REFUSALS.ending).toContain('server is terminating');
    expect(handshakeQuery.safeParse({ version: ['0.50.2'], uuid: 'x' }).success).toBe(false);
  });
});
