import { describe, expect, it } from '@jest/globals';
import { type NextFunction, type Request, type Response } from 'express';
import { jsonBody, MAX_JSON_MEMBERS } from './json-body.js';

/** @returns what the parser hands on: an error, or undefined */
function parsed(text: string): unknown {
  const parse = jsonBody()[1];
  let outcome: unknown;
  const next: NextFunction = (error?: unknown) => {
    outcome = error;
  };
  void parse?.({ body: Buffer.from(text) } as Request, {} as Response, next);
  return outcome;
}

const members = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1])));
const objects = (count: number) => JSON.stringify({ location: Array.from({ length: count }, () => ({})) });

describe('jsonBody, what a body may make validation do', () => {
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
