import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { messageOf, takeMessages } from './messages.js';

describe('a message', () => {
  it('is one value, or a list of several, beside the function that answers', () => {
    const acknowledge = () => undefined;
    expect(messageOf(['a', acknowledge])).toEqual({ content: 'a', acknowledge });
    expect(messageOf(['a', 'b'])).toEqual({ content: ['a', 'b'], acknowledge: undefined });
    expect(messageOf([])).toEqual({ content: undefined, acknowledge: undefined });
  });
});

describe('takeMessages', () => {
  async function answersTo(take: (content: unknown) => Promise<unknown>, disconnected = false) {
    const [answers, faults]: unknown[][] = [[], []];
    const socket = Object.assign(new EventEmitter(), { disconnected });
    takeMessages(socket as never, 'results', { error: (fault: unknown) => faults?.push(fault) }, take);
    socket.emit('results', 'what came', (answer: unknown) => answers?.push(answer));
    // without a function that answers
    socket.emit('results', 'what came');
    await new Promise(setImmediate);
    return { answers, faults };
  }

  it('answers with what is returned, and says nothing where that is nothing', async () => {
    expect(await answersTo((content) => Promise.resolve([content]))).toEqual({
      answers: [['what came']],
      faults: [],
    });
    expect(await answersTo(() => Promise.resolve(undefined))).toEqual({ answers: [], faults: [] });
    expect(await answersTo(() => Promise.resolve(1), true)).toEqual({ answers: [], faults: [] });
  });

  it('tells the log what is thrown, and says nothing', async () => {
    const { answers, faults } = await answersTo(() => Promise.reject(new Error('ours')));
    expect(answers).toEqual([]);
    expect(faults).toHaveLength(2);
  });
});
