import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { type ExecutionContext, Logger, StreamableFile } from '@nestjs/common';
import express, { type Request, type Response } from 'express';
import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { firstValueFrom, of } from 'rxjs';
import { type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { CODINGS, codingFor, PackStreams, packLongAnswers } from './content-coding.js';
import { streamed } from './streamed.js';

const LINES = Array.from({ length: 3_000 }, (_, n) => `{"line":${n},"text":"some text that comes again"}\n`);
const zstd = zlib as typeof zlib & { createZstdDecompress?: () => Transform };
const UNPACK: Record<string, () => Transform> = {
  gzip: () => zlib.createGunzip(),
  ...(zstd.createZstdDecompress && { zstd: zstd.createZstdDecompress }),
};

describe('the coding of an answer', () => {
  // RFC 9110, section 12.5.3; what likes several alike gets the first that we have
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'gzip'],
    ['gzip;q=0.5, identity', undefined],
    ['gzip;q=0', undefined],
    ['br', undefined],
    ['*', CODINGS[0]],
    ['gzip, deflate, br, zstd', CODINGS[0]],
    ['zstd;q=0.1, gzip;q=0.2', 'gzip'],
  ])('for Accept-Encoding: %s is %s', (accepted, coding) => {
    expect(codingFor({ headers: accepted === undefined ? {} : { 'accept-encoding': accepted } })).toBe(
      coding,
    );
  });
});

/** A small server: long and short texts, and streams that end, wait, or fail. */
describe('answers', () => {
  let server: Server;
  const goOn = new EventTarget();

  async function* waiting() {
    yield 'first\n';
    await new Promise((resolve) => {
      goOn.addEventListener('go', resolve);
    });
    yield 'second\n';
  }
  // eslint-disable-next-line typescript/require-await -- as its callers want it
  async function* failing(isLate: boolean) {
    if (isLate) yield* LINES;
    throw new Error('broken');
  }
  // eslint-disable-next-line typescript/require-await -- the same
  async function* lines() {
    yield* LINES;
  }
  const STREAMS: Record<string, () => AsyncIterable<string>> = {
    '/lines': lines,
    '/waiting': waiting,
    '/early': () => failing(false),
    '/late': () => failing(true),
  };

  beforeAll(async () => {
    // what fails on purpose would fill the screen
    Logger.overrideLogger(false);
    const app = express();
    app.use(packLongAnswers());
    app.use('/again', packLongAnswers({ again: true }));
    app.get('/again', (request, response) => void response.type('json').send(request.headers['x-text']));
    app.get('/long', (_request, response) => void response.json(LINES));
    app.get('/short', (_request, response) => void response.json({}));
    app.get('/revised', (_request, response) => {
      response.setHeader('ETag', '"7"').json(LINES);
    });
    for (const [path, source] of Object.entries(STREAMS))
      app.get(path, async (request, response) => {
        await reply(streamed(source, { type: 'application/x-ndjson' }), request, response);
      });
    app.get('/parquet', async (request, response) => {
      await reply(streamed(lines, { type: 'application/vnd.apache.parquet' }), request, response);
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** As the adapter of Nest does it. */
  async function reply(file: StreamableFile, request: Request, response: Response): Promise<void> {
    const context = {
      getType: () => 'http',
      switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
    } as unknown as ExecutionContext;
    const answer = await firstValueFrom(new PackStreams().intercept(context, { handle: () => of(file) }));
    const stream = (answer as StreamableFile).getStream();
    stream.once('error', (error) => {
      (answer as StreamableFile).errorHandler(error, response as never);
    });
    response.on('close', () => stream.destroy());
    response.type('application/x-ndjson');
    stream.pipe(response);
  }

  async function ask(
    path: string,
    coding = 'identity',
    method = 'GET',
    more: Record<string, string> = {},
  ): Promise<IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    const headers = { 'accept-encoding': coding, ...more };
    const [answer] = (await once(get({ port, path, method, headers }), 'response')) as [IncomingMessage];
    return answer;
  }

  async function textOf(stream: Readable): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  it.each(CODINGS)(
    'that are long or streamed are packed by %s, and the same when unpacked',
    async (coding) => {
      for (const [path, text] of [
        ['/long', JSON.stringify(LINES)],
        ['/lines', LINES.join('')],
      ] as const) {
        const answer = await ask(path, coding);
        expect(answer.headers).toMatchObject({ 'content-encoding': coding, vary: 'Accept-Encoding' });
        expect(await textOf(answer.pipe(UNPACK[coding]!()))).toBe(text);
        expect(await textOf(await ask(path))).toBe(text);
      }
    },
  );

  it('that are short, packed within or have an ETag of a route are left as they are', async () => {
    for (const path of ['/short', '/parquet', '/revised'])
      expect([path, (await ask(path, 'gzip')).headers['content-encoding']]).toEqual([path, undefined]);
  });

  it('have the same ETag each time, and the same head for HEAD', async () => {
    const [first, head] = [await ask('/long', 'gzip'), await ask('/long', 'gzip', 'HEAD')];
    const { etag, 'content-length': length } = first.headers;
    expect(etag).toMatch(/^W\//);
    expect(head.headers).toMatchObject({ etag, 'content-length': length, 'content-encoding': 'gzip' });
    expect((await ask('/long')).headers.etag).not.toBe(etag);
    for (const answer of [first, head]) answer.resume();
  });

  it.each(CODINGS)('that are sent often are packed by %s once, each text as it is', async (coding) => {
    const again = async (text: string) => {
      const answer = await ask('/again', coding, 'GET', { 'x-text': text });
      const { etag } = answer.headers;
      return { etag, text: await textOf(answer.pipe(UNPACK[coding]!())) };
    };
    const texts = ['a', 'b'].map((letter) => letter.repeat(5_000));
    const [a, b] = [await again(texts[0]!), await again(texts[1]!)];
    expect([a.text, b.text]).toEqual(texts);
    expect(await again(texts[0]!)).toEqual(a);
    expect(await again(texts[1]!)).toEqual(b);
    const unpacked = await ask('/again', 'identity', 'GET', { 'x-text': texts[0]! });
    expect(await textOf(unpacked)).toBe(texts[0]);
    const known = await ask('/again', coding, 'GET', { 'x-text': texts[0]!, 'if-none-match': a.etag ?? '' });
    expect([known.statusCode, await textOf(known)]).toEqual([304, '']);
  });

  it.each(CODINGS)('hand on by %s what there is while the source waits', async (coding) => {
    const unpacked = (await ask('/waiting', coding)).pipe(UNPACK[coding]!());
    expect(String((await once(unpacked, 'data'))[0])).toBe('first\n');
    goOn.dispatchEvent(new Event('go'));
    expect(await textOf(unpacked)).toBe('second\n');
  });

  it.each(['identity', ...CODINGS])('that break off are no whole ones, by %s neither', async (coding) => {
    const answer = await ask('/late', coding);
    await expect(textOf(answer)).rejects.toThrow('aborted');
  });

  it('that fail before they begin are problems, not packed', async () => {
    const answer = await ask('/early', 'gzip');
    expect([answer.statusCode, answer.headers['content-encoding']]).toEqual([500, undefined]);
    expect(await textOf(answer)).toContain('Something went wrong on our side');
  });
});
