import { describe, expect, it } from '@jest/globals';
import { type Request } from 'express';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { domainErrorOf } from './problem.filter.js';
import { jsonBody, MAX_BODY_BYTES, MAX_JSON_DEPTH } from './json-body.js';

const [readBytes, parse] = jsonBody();

/** Sends one request through the two handlers. @returns the body that a controller would see, or the code of the error */
async function read(raw: string | Uint8Array<ArrayBuffer>, method = 'POST'): Promise<unknown> {
  const server = createServer((incoming, outgoing) => {
    const [request, response] = [incoming as Request, outgoing as never];
    const end = (answer: unknown) => outgoing.end(JSON.stringify(answer));
    const fail = (error: unknown) => end(domainErrorOf(error)?.code ?? `a mistake of ours: ${String(error)}`);
    readBytes?.(request, response, (error?: unknown) => {
      if (error !== undefined) fail(error);
      else
        parse?.(request, response, (worse?: unknown) =>
          worse === undefined ? end(request.body) : fail(worse),
        );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await (await fetch(`http://127.0.0.1:${port}`, { method, body: raw })).json();
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
    expect(await read(raw)).toBe('invalid_request');
  });

  it('takes what is just deep enough', async () => {
    expect(await read(nested(MAX_JSON_DEPTH))).toHaveProperty('a');
  });

  it('refuses what is too large', async () => {
    expect(await read(JSON.stringify({ a: 'x'.repeat(MAX_BODY_BYTES) }))).toBe('body_too_large');
  });
});
