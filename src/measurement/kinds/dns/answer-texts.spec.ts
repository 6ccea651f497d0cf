import { describe, expect, it } from '@jest/globals';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { UnreadableMessage } from '@pladmed/protocol';
import { answerTexts } from './answer-texts.js';
import { FORMATS } from '../result-formats.js';

const name = 'example.org';
const soa = { mname: 'ns.example.org', rname: 'root.example.org', serial: 7, refresh: 1, retry: 2 };

/** A header that counts one answer, whose owner is the root, and the answer. */
function answer(type: number, data: string): Buffer {
  const bytes = Buffer.from(data.replaceAll(' ', ''), 'hex');
  const fixed = Buffer.alloc(11);
  fixed.writeUInt16BE(type, 1);
  fixed.writeUInt16BE(1, 3);
  fixed.writeUInt16BE(bytes.length, 9);
  return Buffer.concat([Buffer.from('000180000000000100000000', 'hex'), fixed, bytes]);
}

describe('the data of DNS answers', () => {
  // as dig 9.18 prints them
  it('is written as dig does', () => {
    const message = encode({
      type: 'response',
      answers: [
        { type: 'A', name, data: '192.0.2.7' },
        { type: 'AAAA', name, data: '2001:db8:0:0:0:0:0:1' },
        { type: 'CNAME', name, data: 'Www.example.org' },
        { type: 'MX', name, data: { preference: 10, exchange: 'mail.example.org' } },
        { type: 'TXT', name, data: ['v=spf1 -all', 'a "quoted" \u0007'] },
        { type: 'SOA', name, data: { ...soa, expire: 3, minimum: 4 } },
        { type: 'SRV', name, data: { priority: 1, weight: 2, port: 443, target: 'host.example.org' } },
      ],
      authorities: [{ type: 'NS', name, data: 'ns.example.org' }],
    });
    expect([...answerTexts(message)]).toEqual([
      '192.0.2.7',
      '2001:db8::1',
      'Www.example.org.',
      '10 mail.example.org.',
      '"v=spf1 -all" "a \\"quoted\\" \\007"',
      'ns.example.org. root.example.org. 7 1 2 3 4',
      '1 2 443 host.example.org.',
    ]);
  });

  // RFC 3597, section 5
  it.each([
    ['of a type without words here', 65280, '0a000001', '\\# 4 0a000001'],
    ['of no bytes', 65280, '', '\\# 0'],
    ['that is no address', 1, '0a0000', '\\# 3 0a0000'],
    ['that is half a text', 16, '0561', '\\# 2 0561'],
    ['whose name ends early', 5, '0361', '\\# 2 0361'],
  ])('is written by its bytes: data %s', (_what, type, data, text) => {
    expect([...answerTexts(answer(type, data))]).toEqual([text]);
  });

  it('is read of any bytes, or refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(1, 2, 6, 15, 16, 28, 33),
        (bytes, type) => {
          expect([...answerTexts(answer(type, Buffer.from(bytes).toString('hex')))]).toHaveLength(1);
          try {
            for (const text of answerTexts(bytes)) expect(text).toMatch(/^[\x20-\x7e]*$/);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableMessage);
          }
        },
      ),
    );
  });

  it('is in the summary: the first 32 records, 255 characters of each', async () => {
    const response = encode({
      type: 'response',
      answers: Array.from({ length: 40 }, () => ({ type: 'TXT' as const, name, data: ['x'.repeat(255)] })),
    }).toString('base64');
    const query = { name, type: 'TXT', resolver: '192.0.2.53', transport: 'udp', rtt_ms: 1, error: null };
    const raw = Buffer.from(
      JSON.stringify({
        version: 1,
        queries: [{ ...query, port: 53, sent_at: '2026-01-01T00:00:00.000Z', response }],
      }),
    );
    const [summary] = (await FORMATS.dns.digest(raw)).summary;
    const data = summary?.['answer_data'] as string[];
    expect(data).toHaveLength(32);
    expect(data.every((text) => text === `"${'x'.repeat(254)}`)).toBe(true);
  });
});
