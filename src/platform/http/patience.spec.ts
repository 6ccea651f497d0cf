import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { streamed } from './streamed.js';
import { cutOff, patiently } from './patience.js';

describe('patience', () => {
  it('notices a reader that takes nothing, and not one that does', async () => {
    const stuck: string[] = [];
    async function* pieces() {
      yield await Promise.resolve('a');
      yield 'b';
    }
    for await (const piece of patiently(pieces(), 60_000, () => stuck.push('quick')))
      expect(piece).toMatch(/[ab]/);
    const slow = patiently(pieces(), 1, () => stuck.push('slow'));
    await slow.next();
    while (stuck.length === 0) await new Promise(setImmediate);
    await slow.return();
    expect(stuck[0]).toBe('slow');
  });

  it('ends an answer with the reason, behind what waits', async () => {
    const line = `${'x'.repeat(1_000_000)}\n`;
    let answer: StreamableFile | undefined;
    const cuts: string[] = [];
    const server = createServer((_request, response) => {
      async function* lines() {
        for (;;) yield await Promise.resolve(line);
      }
      const cut = () => {
        cuts.push('now');
        cutOff(answer!, response as unknown as Response, 'cut off: too slow\n');
      };
      answer = streamed(() => patiently(lines(), 50, cut), { type: 'text/plain' });
      answer.getStream().pipe(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
    reader.write('GET / HTTP/1.0\r\n\r\n');
    await once(reader, 'readable');
    // it reads nothing until the answer is ended
    while (cuts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    let text = '';
    for await (const chunk of reader) text += String(chunk);
    expect(text.endsWith('x\ncut off: too slow\n')).toBe(true);
    server.close();
  });
});
