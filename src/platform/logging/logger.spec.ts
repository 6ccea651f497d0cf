import { describe, expect, it } from '@jest/globals';
import { withoutSecrets } from './logger.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_';

describe('withoutSecrets', () => {
  it.each([
    [`GET /socket.io/?EIO=4&token=${JWT}&t=1`, 'GET /socket.io/?EIO=4&token=[redacted]&t=1'],
    ['/x?token=plain', '/x?token=[redacted]'],
    ['/x?a=1&ACCESS_TOKEN=plain&b=2', '/x?a=1&ACCESS_TOKEN=[redacted]&b=2'],
    ['/x?password=p%26w', '/x?password=[redacted]'],
    [`Bearer ${JWT} was refused`, 'Bearer [redacted] was refused'],
    [`${JWT} ${JWT}`, '[redacted] [redacted]'],
    ['/operations?id=6720a1b2c3d4e5f6000000c3', '/operations?id=6720a1b2c3d4e5f6000000c3'],
  ])('%s', (text, clean) => {
    expect(withoutSecrets(text)).toBe(clean);
  });
});
