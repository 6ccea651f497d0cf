import { describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { EventEmitter } from 'node:events';
import { sentOrStreamed, streamed } from './streamed.js';

describe('streamed', () => {
  it('tells a source that waits that its reader has left, and lets it end', async () => {
    let ended = false;
    async function* source(gone: AbortSignal): AsyncGenerator<string, void> {
      try {
        yield 'first';
        await new Promise((_, reject) => {
          gone.addEventListener('abort', () => {
            reject(gone.reason as Error);
          });
        });
      } finally {
        ended = true;
      }
    }
    const stream = streamed(source, { type: 'text/plain' }).getStream();
    const first = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
    expect([first.toString(), ended]).toEqual(['first', true]);
  });
});

describe('sentOrStreamed', () => {
  class Answer extends EventEmitter {
    contentType: string | undefined;

    type(type: string): void {
      this.contentType = type;
    }
  }
  const MOST = 10;
  const JSON_TYPE = { type: 'application/json' };

  /** @returns what is sent at once, or the pieces of a stream */
  async function answered(pieces: readonly (string | Buffer)[], answer = new Answer()) {
    // eslint-disable-next-line typescript/require-await -- as its callers want it
    async function* source() {
      yield* pieces;
    }
    const sent = await sentOrStreamed(source, JSON_TYPE, MOST, answer as unknown as Response);
    if (!(sent instanceof StreamableFile)) return { sent, type: answer.contentType };
    const streamedPieces: Buffer[] = [];
    for await (const piece of sent.getStream() as AsyncIterable<Buffer>) streamedPieces.push(piece);
    return { streamed: Buffer.concat(streamedPieces).toString(), type: sent.getHeaders().type };
  }

  it('sends what is short at once', async () => {
    expect(await answered(['12345', '67890'])).toEqual({ sent: '1234567890', type: JSON_TYPE.type });
    expect(await answered([])).toEqual({ sent: '', type: JSON_TYPE.type });
  });

  it('streams what is longer, or comes as bytes, whole and in order', async () => {
    const all: (string | Buffer)[][] = [
      ['12345', '678901', 'x'],
      ['a', Buffer.from('bc'), 'd'],
      [Buffer.from('a'), 'b'],
    ];
    for (const pieces of all)
      expect(await answered(pieces)).toEqual({ streamed: pieces.join(''), type: JSON_TYPE.type });
  });

  it('fails as its source does; for a reader who has left it ends, and the source hears of it', async () => {
    const answer = new Answer();
    async function* waiting(gone: AbortSignal): AsyncGenerator<string, void> {
      yield 'first';
      gone.throwIfAborted();
      await new Promise((_, reject) => {
        gone.addEventListener('abort', () => {
          reject(gone.reason as Error);
        });
      });
    }
    // eslint-disable-next-line typescript/require-await, require-yield -- a source that fails at once
    async function* failing(): AsyncGenerator<string, void> {
      throw new Error('broken');
    }
    const response = answer as unknown as Response;
    await expect(sentOrStreamed(failing, JSON_TYPE, MOST, response)).rejects.toThrow('broken');
    const sent = sentOrStreamed(waiting, JSON_TYPE, MOST, response);
    answer.emit('close');
    expect(await sent).toBe('first');
  });
});
