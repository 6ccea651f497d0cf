import { describe, expect, it } from '@jest/globals';
import { streamed } from './streamed.js';

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
