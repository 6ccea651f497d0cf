import { describe, expect, it } from '@jest/globals';
import { credentialOf, secretInAddress } from './credentials.js';

const KEY = '6f1b3c1e-9d2f-4a53-8f0b-2c1d4e5f6a7b';
const TOKEN = 'eyJh.eyJz.c2ln';

describe('credentials', () => {
  it.each([
    ['a token as Bearer', { authorization: `Bearer ${TOKEN}` }, { kind: 'token', text: TOKEN }],
    ['a key as Bearer', { authorization: `bearer ${KEY}` }, { kind: 'key', text: KEY }],
    ['a key as Key', { authorization: `Key ${KEY}` }, { kind: 'key', text: KEY }],
    ['a key in capitals', { authorization: `KEY  ${KEY.toUpperCase()} ` }, { kind: 'key', text: KEY }],
    ['a token as Key', { authorization: `Key ${TOKEN}` }, undefined],
    ['another scheme', { authorization: `Basic ${KEY}` }, undefined],
    ['two words', { authorization: `Key ${KEY} x` }, undefined],
    ['nothing', {}, undefined],
    // never asked of the keys: the classic header has tokens
    ['a key in the classic header', { access_token: KEY }, { kind: 'token', text: KEY }],
    [
      'an empty classic header',
      { access_token: '', authorization: `Key ${KEY}` },
      { kind: 'key', text: KEY },
    ],
  ])('are read from %s', (_what, headers, credential) => {
    expect(credentialOf(headers)).toEqual(credential);
  });

  it('are seen in an address', () => {
    expect(secretInAddress({ limit: '1', key: KEY })).toBe('key');
    expect(secretInAddress({ token: '' })).toBe('token');
    expect(secretInAddress({ limit: '1' })).toBeUndefined();
  });
});
