import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { BatchDecoder, writeTogether } from './sockets.adapter.js';

const MB = 1024 * 1024;

/** @returns the bytes of each message that came out */
function decoded(parts: readonly (string | Buffer)[]): number[] {
  const decoder = new BatchDecoder();
  const sizes: number[] = [];
  decoder.on('decoded', (packet: { data?: unknown }) => {
    const data = packet.data as [string, ...Buffer[]];
    sizes.push(data.slice(1).reduce((sum, content) => sum + content.length, 0));
  });
  for (const part of parts) decoder.add(part);
  return sizes;
}

const header = (count: number) =>
  `5${count}-${JSON.stringify(['results', ...Array.from({ length: count }, (_, num) => ({ _placeholder: true, num }))])}`;

describe('BatchDecoder', () => {
  it('takes 16 MB of attachments in a message, and again in the next', () => {
    const message = [header(2), Buffer.alloc(8 * MB), Buffer.alloc(8 * MB)];
    expect(decoded([...message, ...message])).toEqual([16 * MB, 16 * MB]);
  });

  it('refuses more, before the last of them has come', () => {
    expect(() => decoded([header(100), Buffer.alloc(10 * MB), Buffer.alloc(7 * MB)])).toThrow('at most');
  });
});

describe('writeTogether', () => {
  /** @returns how many chunks each write to the system had */
  async function writesOf(packets: readonly string[]): Promise<number[]> {
    const writes: number[] = [];
    const connection = new Writable({
      write: (_chunk, _encoding, done) => {
        writes.push(1);
        done();
      },
      writev: (chunks, done) => {
        writes.push(chunks.length);
        done();
      },
    });
    writeTogether({ transport: { socket: { _socket: connection as never } } }, packets);
    for (const packet of packets) connection.write(packet);
    await nextTurn();
    return writes;
  }

  it('lets several packets leave by one write, and a lone one at once', async () => {
    expect(await writesOf(['one', 'two', 'three'])).toEqual([3]);
    expect(await writesOf(['one'])).toEqual([1]);
  });

  it('does nothing to a transport that has no connection of its own, or none any more', () => {
    for (const transport of [{}, { socket: {} }, { socket: { _socket: null } }])
      expect(() => {
        writeTogether({ transport }, ['one', 'two']);
      }).not.toThrow();
  });
});
