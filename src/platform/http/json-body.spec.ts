import { describe, expect, it } from '@jest/globals';
import express, { type NextFunction, type Request, type Response } from 'express';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { domainErrorOf } from './problem.filter.js';
import { type BodyRule, jsonBody, MAX_BODY_BYTES, MAX_JSON_DEPTH } from './json-body.js';

const rules: BodyRule[] = [
  { path: '/small{/*rest}', most: 100 },
  { path: '/lists/:id/items', content: 'list' },
  { path: '/files/:id', content: 'bytes' },
];

/** Sends one request through the handlers. @returns the body that a controller would see, or what was wrong with it */
async function read(
  raw: string | Uint8Array<ArrayBuffer>,
  method = 'POST',
  path = '/',
  headers: Record<string, string> = {},
): Promise<unknown> {
  const app = express().use(jsonBody(rules));
  app.use((request: Request, response: Response) => {
    response.json(Buffer.isBuffer(request.body) ? `${request.body.length} bytes` : request.body);
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const mistake = domainErrorOf(error);
    response.json(mistake ? `${mistake.code}: ${mistake.message}` : `a mistake of ours: ${String(error)}`);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body: raw })).json();
  } finally {
    server.close();
  }
}

const nested = (depth: number) => '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1);

describe('jsonBody', () => {
  it('reads objects, whatever they are said to be', async () => {
    expect(await read('{"a":{"b":[1,"ü"]}}')).toEqual({ a: { b: [1, 'ü'] } });
  });

  it('reads characters that are written as surrogate pairs', async () => {
    expect(await read('{"a":"\\ud83d\\uDE00","b":"\\\\ud800"}')).toEqual({ a: '\u{1f600}', b: '\\ud800' });
  });

  it('takes nothing for an empty object', async () => {
    expect(await read('')).toEqual({});
  });

  it.each(['DELETE', 'OPTIONS'])('takes no notice of the content of %s', async (method) => {
    expect(await read('{bad', method)).toEqual({});
  });

  it.each([
    ['broken JSON', '{'],
    ['broken UTF-8', new Uint8Array([0x22, 0xc3, 0x22])],
    ['a byte order mark alone', '\ufeff'],
    ['half a surrogate pair', '{"email":"\\ud800"}'],
    ['half a surrogate pair deep within', '{"a":[{"b":["x\\uDC00y"]}]}'],
    ['half a surrogate pair in a name', '{"\\udbff":1}'],
    ['an array', '[{}]'],
    ['null', 'null'],
    ['a number', '7'],
    ['__proto__', '{"a":{"__proto__":{"b":1}}}'],
    ['constructor.prototype', '{"constructor":{"prototype":{"b":1}}}'],
    ['too deep', nested(MAX_JSON_DEPTH + 1)],
    ['far too deep', nested(100_000)],
  ])('refuses %s', async (_what, raw) => {
    expect(await read(raw)).toMatch(/^invalid_request: /);
  });

  it('takes what is just deep enough', async () => {
    expect(await read(nested(MAX_JSON_DEPTH))).toHaveProperty('a');
  });

  it('refuses what is too large', async () => {
    expect(await read(JSON.stringify({ a: 'x'.repeat(MAX_BODY_BYTES) }))).toBe(
      'body_too_large: The body may be 1 MB at most',
    );
  });

  it.each(['/small', '/small/', '/SMALL/a/b?c=d'])(
    'bounds bodies of %s by its rule, and says so',
    async (path) => {
      expect(await read('{"a":1}', 'POST', path)).toEqual({ a: 1 });
      expect(await read(JSON.stringify({ a: 'x'.repeat(100) }), 'POST', path)).toBe(
        'body_too_large: The body may be 100 bytes at most',
      );
    },
  );

  it('bounds what a packed body is unpacked to', async () => {
    const packed = new Uint8Array(gzipSync(JSON.stringify({ a: 'x'.repeat(5_000) })));
    const gzip = { 'content-encoding': 'gzip' };
    expect(await read(packed, 'POST', '/small', gzip)).toMatch(/^body_too_large: .*100 bytes/);
    expect(await read(packed, 'POST', '/', gzip)).toHaveProperty('a');
    expect(await read('{}', 'POST', '/', { 'content-encoding': 'what' })).toMatch(/^invalid_request: /);
    expect(await read('{}', 'POST', '/', gzip)).toMatch(/^invalid_request: /);
  });

  it('takes lists, and bytes, where a rule says so', async () => {
    expect(await read('[1]', 'POST', '/lists/7/items/')).toEqual([1]);
    expect(await read('[1]', 'POST', '/lists/7')).toMatch(/^invalid_request: /);
    expect(await read('\u0000{', 'PUT', '/files/7')).toBe('2 bytes');
  });
});
