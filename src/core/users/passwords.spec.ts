import { describe, expect, it } from '@jest/globals';
import { hashPassword, passwordMatches, passwordViolation } from './passwords.js';

describe('passwords', () => {
  it.each([...'!"@#$%^&*()-+?_=,/'])('take %s for a special character', (special) => {
    expect(passwordViolation(`Aa1aaaa${special}`)).toBeUndefined();
  });

  it.each([
    ['seven characters', 'Aa1!aaa'],
    ['no upper case', 'aa1!aaaa'],
    ['no lower case', 'AA1!AAAA'],
    ['no digit', 'Aaa!aaaa'],
    ['no special character', 'Aa1aaaaa'],
    ['another special character', 'Aa1aaaa;'],
    ['73 bytes', `Aa1!${'a'.repeat(69)}`],
    ['73 bytes of fewer characters', `Aa1!${'é'.repeat(34)}a`],
    ['a NUL, where bcrypt would stop reading', 'Aa1!aaaa\0b'],
  ])('are refused with %s', (_what, password) => {
    expect(passwordViolation(password)).toMatchObject({ field: 'password' });
  });

  it('may have 72 bytes, all of which count', async () => {
    const longest = `Aa1!${'a'.repeat(68)}`;
    expect(passwordViolation(longest)).toBeUndefined();
    const hash = await hashPassword(longest, 4);
    expect(await passwordMatches(longest, hash)).toBe(true);
    expect(await passwordMatches(`${longest.slice(0, -1)}b`, hash)).toBe(false);
  });
});
