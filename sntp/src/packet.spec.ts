import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answerTo } from '../test/support/fake.ntp.js';
import { encodeRequest, readPacket } from './packet.js';

const request = encodeRequest(Buffer.from('12345678'));
const NOW = Date.parse('2026-11-21T00:00:00Z');

describe('a packet', () => {
  test('a request asks as a client of version 4 and tells nothing of this host', () => {
    expect(request.readUInt8(0)).toBe(0x23);
    expect(request.subarray(1, 40).every((byte) => byte === 0)).toBe(true);
    expect(request.subarray(40).toString()).toBe('12345678');
  });

  test('says what is in it', () => {
    const said = {
      leap: 1,
      version: 3,
      stratum: 1,
      precision: -23,
      rootDelayMs: 1_500,
      rootDispersionMs: 250,
      referenceId: 'GPS',
      reference: NOW - 500,
      received: NOW + 0.25,
      transmitted: NOW + 1.5,
    };
    const packet = readPacket(answerTo(request, said), NOW);
    expect(packet).toMatchObject({
      leap: 1,
      version: 3,
      mode: 4,
      stratum: 1,
      poll: 6,
      precision: -23,
      rootDelay: 1_500,
      rootDispersion: 250,
      referenceId: 'GPS',
      reference: NOW - 500,
    });
    expect(packet.received).toBeCloseTo(NOW + 0.25, 3);
    expect(packet.transmitted).toBeCloseTo(NOW + 1.5, 3);
  });

  test('the reference is an address from stratum 2 on, and bytes that are no text where it should be one', () => {
    const read = (stratum: number, referenceId: string) =>
      readPacket(answerTo(request, { stratum, referenceId, received: NOW, transmitted: NOW }), NOW)
        .referenceId;
    expect(read(2, '\xc0\x00\x02\x01')).toBe('192.0.2.1');
    expect(read(1, '\x1b[2J')).toBe('27.91.50.74');
    expect(read(0, 'RATE')).toBe('RATE');
  });

  test.each([
    ['the last second of the first era', '2036-02-07T06:28:15Z'],
    ['the second era', '2036-02-07T06:28:17Z'],
    ['later', '2090-01-01T00:00:00Z'],
  ])('%s', (_what, at) => {
    const time = Date.parse(at);
    expect(readPacket(answerTo(request, { received: time, transmitted: time }), time - 5_000).received).toBe(
      time,
    );
  });

  test('a host that woke up in 1970 reads the right era', () => {
    const time = Date.parse('2041-01-01T00:00:00Z');
    expect(readPacket(answerTo(request, { received: time, transmitted: time }), 0).received).toBe(time);
  });

  test('an empty time stamp is none', () => {
    expect(readPacket(answerTo(request, { received: 0, transmitted: NOW }), NOW).received).toBeNull();
  });

  test('whatever bytes come, reading them gives numbers', () => {
    const bytes = fc.uint8Array({ minLength: 48, maxLength: 1_500 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 4e12 }), (any, near) => {
        const packet = readPacket(Buffer.from(any), near);
        for (const value of Object.values(packet)) {
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
        }
        expect(packet.referenceId).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});
