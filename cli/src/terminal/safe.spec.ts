import { describe, expect, it } from '@jest/globals';
import { jsonLine, safe, safeDeep, safeLines } from './safe.js';

/** ECMA-48: C0 and C1 controls; a terminal acts on them. Unicode UAX 9: these turn the direction of text. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('what strangers wrote', () => {
  it('reaches no terminal as a command', () => {
    expect(safe('\u001b]0;pwned\u0007')).toBe('\\x1b]0;pwned\\x07');
    expect(safe('\u009b31m')).toBe('\\x9b31m');
    expect(safe('\u202eevil')).toBe('\\u202eevil');
    expect(safe('a\nb\rc\td')).toBe('a\\x0ab\\x0dc\\x09d');
    expect(safe('Ærø 漢字 👍')).toBe('Ærø 漢字 👍');
  });

  it('is safe at every depth, and in the names of members', () => {
    const value = { '\u001bname': [{ deep: '\u001b[2J' }, 1, null, true] };
    expect(safeDeep(value)).toEqual({ '\\x1bname': [{ deep: '\\x1b[2J' }, 1, null, true] });
  });

  it('is the same value in JSON, of which no byte is obeyed', () => {
    for (let code = 0; code < 0x1_0000; code++) {
      const text = `a${String.fromCharCode(code)}`;
      const line = jsonLine({ text });
      if (OBEYED.test(line) || OBEYED.test(safe(text)))
        throw new Error(`${code.toString(16)} is let through`);
      if ((JSON.parse(line) as { text: string }).text !== text)
        throw new Error(`${code.toString(16)} is changed`);
    }
  });

  it('keeps its lines and tabs where it is shown as it is', () => {
    expect(safeLines('a,b\r\nc\t"\u001b[31m"\n')).toBe('a,b\r\nc\t"\\x1b[31m"\n');
  });
});
