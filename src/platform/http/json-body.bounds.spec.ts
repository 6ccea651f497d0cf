import { describe, expect, it } from '@jest/globals';
import { MAX_JSON_MEMBERS, readJson } from './json-body.js';

/** @returns the error; undefined: there is none */
function parsed(text: string): unknown {
  try {
    readJson(Buffer.from(text));
    return undefined;
  } catch (error) {
    return error;
  }
}

const members = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1])));
const objects = (count: number) => JSON.stringify({ location: Array.from({ length: count }, () => ({})) });

describe('readJson, what a body may make validation do', () => {
  it('takes twenty thousand texts in a list', () => {
    expect(
      parsed(JSON.stringify({ probes: Array(20_000).fill('6720a1b2c3d4e5f6000000b2') })),
    ).toBeUndefined();
  });

  it('refuses an object with too many members, and too many objects', () => {
    expect(parsed(members(MAX_JSON_MEMBERS))).toBeUndefined();
    expect(parsed(members(MAX_JSON_MEMBERS + 1))).toMatchObject({ status: 400 });
    expect(parsed(objects(MAX_JSON_MEMBERS - 2))).toBeUndefined();
    expect(parsed(objects(MAX_JSON_MEMBERS))).toMatchObject({ status: 400 });
    expect(parsed(`{"a":${members(MAX_JSON_MEMBERS + 1)}}`)).toMatchObject({ status: 400 });
  });
});
