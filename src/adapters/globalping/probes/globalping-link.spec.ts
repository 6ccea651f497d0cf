import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type OpenConnection } from '../../../core/presence/index.js';
import { type ServerRunsService } from '../../../core/server-runs/index.js';
import { ObjectId } from '../../../platform/database/object-id.js';
import { GlobalpingLink, type GlobalpingSocket } from './globalping-link.js';

const SILENCE_MS = 5000;
const SETTLE_MS = 1000;

/** So long passes, and what has to be done then is done. */
async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
}

describe('GlobalpingLink', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function linked() {
    const sent: string[] = [];
    const socket = {
      emit: (_event: string, { measurementId }: { measurementId: string }) => sent.push(measurementId),
    } as unknown as GlobalpingSocket;
    const open = { probe: { _id: new ObjectId() }, session: new ObjectId() } as unknown as OpenConnection;
    const runs = { becameReady: () => undefined } as unknown as ServerRunsService;
    const link = new GlobalpingLink(socket, open, runs);
    link.noteStatus('ready');
    const ask = (run: string) =>
      link.ask(
        { run, place: 0, request: { ipVersion: 4 }, progress: false },
        () => Promise.resolve(true),
        () => true,
      );
    return { link, sent, ask };
  }

  it('sends a request again as it was before another has its turn: a late acknowledgement lets it begin', async () => {
    const { link, sent, ask } = linked();
    const [first, second] = [ask('a'), ask('b')];
    await pass(SILENCE_MS);
    expect(sent).toEqual(['a', 'a']);
    const begun: string[] = [];
    // of the first sending; that of the second comes right behind it, and begins nothing
    await link.acknowledge(() => begun.push('a'));
    expect(await first).toBe('begun');
    await link.acknowledge(() => begun.push('a again'));
    expect([sent, begun]).toEqual([['a', 'a'], ['a']]);
    await pass(SILENCE_MS);
    await link.acknowledge(() => begun.push('b'));
    expect(await second).toBe('begun');
    expect(begun).toEqual(['a', 'b']);
  });

  it('gives a request up that is never acknowledged, and goes on with the next', async () => {
    const { sent, ask } = linked();
    const [first, second] = [ask('a'), ask('b')];
    for (let times = 0; times < 3; times += 1) await pass(SILENCE_MS);
    expect(await first).toBe('silent');
    expect(sent).toEqual(['a', 'a', 'a', 'b']);
    for (let times = 0; times < 3; times += 1) await pass(SILENCE_MS);
    expect(await second).toBe('silent');
  });

  it('looks at what is here already before it takes a request for unanswered', async () => {
    const { link, sent, ask } = linked();
    const first = ask('a');
    // the server could not look for so long: the acknowledgement is read right behind the timer
    jest.advanceTimersByTime(SILENCE_MS);
    const begun: string[] = [];
    await link.acknowledge(() => begun.push('a'));
    await pass(0);
    expect([sent, begun, await first]).toEqual([['a'], ['a'], 'begun']);
  });

  it('looks at what is here already before another has its turn', async () => {
    const { link, sent, ask } = linked();
    const [first, second] = [ask('a'), ask('b')];
    await pass(SILENCE_MS);
    await link.acknowledge(() => undefined);
    expect(await first).toBe('begun');
    jest.advanceTimersByTime(SETTLE_MS);
    const begun: string[] = [];
    // that of the second sending, after a while in which the server could not look
    await link.acknowledge(() => begun.push('a again'));
    await pass(0);
    expect(sent).toEqual(['a', 'a', 'b']);
    await link.acknowledge(() => begun.push('b'));
    expect([await second, begun]).toEqual(['begun', ['b']]);
  });
});
