import { createParser } from 'eventsource-parser';
import { answer, api } from './client.js';

export interface ResultEvent {
  operation_id: string;
  probe_id: string;
  result_id: string;
  outcome: 'stored' | 'failed';
  counted: boolean;
  received_at: string;
  scheduled_at?: string;
  format?: string;
  summary?: Record<string, unknown>[];
  failure?: { reason: string; detail: string };
}

export type LiveState = 'connecting' | 'live' | 'lost';

interface Follower {
  onResult: (event: ResultEvent) => void;
  /** something else happened to the operation */
  onChange: () => void;
  onState: (state: LiveState) => void;
  /** results may be missing before the next one */
  onGap: () => void;
}

/** A server sends a heartbeat every 15 s: a connection that is quiet for longer is none. */
const QUIET_MS = 40_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** Follows what happens to an operation until `signal`; after a lost connection from where it was, so that nothing is left out. */
export async function follow(id: string, follower: Follower, signal: AbortSignal): Promise<void> {
  let since: string | undefined;
  let pause = FIRST_PAUSE_MS;
  const parser = createParser({
    onId: undefined,
    onEvent: ({ id: position, event, data }) => {
      pause = FIRST_PAUSE_MS;
      if (position !== undefined && position !== '') since = position;
      if (event === 'result') follower.onResult(JSON.parse(data) as ResultEvent);
      else if (event === 'lost') follower.onGap();
      else if (event === 'assignment') follower.onChange();
    },
  } as Parameters<typeof createParser>[0]);
  const over = (): boolean => signal.aborted;
  follower.onState('connecting');
  while (!over()) {
    try {
      parser.reset();
      const query = since === undefined ? {} : { since };
      const stream = await answer(
        api.GET('/api/v1/operations/{id}/events', {
          params: { path: { id }, query },
          parseAs: 'stream',
          signal,
        }),
      );
      follower.onState('live');
      // without a position the feed begins now: what came before, or while it was away, is not in it
      if (since === undefined) follower.onGap();
      if (stream !== null) await read(stream, (text) => parser.feed(text));
    } catch {
      // said by the state; tried again below
    }
    if (over()) return;
    follower.onState('lost');
    await rest(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** Until it ends, or nothing comes for too long. */
async function read(stream: ReadableStream<Uint8Array>, feed: (text: string) => void): Promise<void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const quiet = new Promise<'quiet'>((resolve) => {
      timer = setTimeout(() => resolve('quiet'), QUIET_MS);
    });
    const step = await Promise.race([reader.read(), quiet]).finally(() => clearTimeout(timer));
    if (step === 'quiet') {
      await reader.cancel();
      return;
    }
    if (step.done) return;
    feed(decoder.decode(step.value, { stream: true }));
  }
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
