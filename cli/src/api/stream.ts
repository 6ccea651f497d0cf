import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { CommandError, EXIT } from '../terminal/exit.js';
import { type Api, problemError, reasonOf } from './client.js';

/** An event of an operation; `open`: the connection stands, and what happens from now on is told. */
export interface LiveEvent {
  name: string;
  /** position to go on from: docs/live.md */
  id?: string;
  data: unknown;
}

/** The server sends a heartbeat every 15 s: after this time without a word the connection is dead. */
const SILENCE_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Without a connection for so long it is given up. */
const PATIENCE_MS = 600_000;

export interface Following {
  api: Api;
  operation: string;
  /** position after which to begin; undefined: now */
  since?: string;
  signal: AbortSignal;
  /** told of each cut: why, and when the next attempt is */
  onCut: (reason: string, waitMs: number) => void;
}

/**
 * What happens to an operation, across lost connections: it goes on after the last event that came (`Last-Event-ID`).
 * Ends when `signal` does. @throws CommandError where the server refuses, or does not come back for ten minutes
 */
export async function* followEvents(following: Following): AsyncGenerator<LiveEvent, void> {
  const { signal, onCut } = following;
  let position = following.since;
  let wait = FIRST_WAIT_MS;
  let lastSeen = Date.now();
  let isFirst = true;
  for (;;) {
    try {
      for await (const event of connection(following, position)) {
        position = event.id ?? position;
        [wait, lastSeen, isFirst] = [FIRST_WAIT_MS, Date.now(), false];
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const isLasting = !(error instanceof CommandError) || error.exitCode === EXIT.server;
      if (isFirst || !isLasting || Date.now() - lastSeen > PATIENCE_MS) throw error;
      onCut(reasonOf(error), wait);
      await pause(wait, signal);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    }
  }
}

/** One connection, until it is cut: it never ends well. */
async function* connection(
  { api, operation, signal }: Following,
  position: string | undefined,
): AsyncGenerator<LiveEvent, void> {
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort();
  }, SILENCE_MS);
  try {
    const { data, error, response } = await api.GET('/api/v1/operations/{id}/events', {
      params: {
        path: { id: operation },
        ...(position !== undefined && { header: { 'Last-Event-ID': position } }),
      },
      parseAs: 'stream',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || data === undefined || data === null) throw problemError(response, error);
    yield { name: 'open', data: {} };
    const arrived: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (event) => arrived.push(event) });
    for await (const text of textOf(data)) {
      timer.refresh();
      parser.feed(text);
      for (const event of arrived.splice(0)) yield read(event);
    }
  } catch (error) {
    if (silence.signal.aborted) throw new CommandError('nothing came for a minute', EXIT.server);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  throw new CommandError('the connection ended', EXIT.server);
}

function read({ event, id, data }: EventSourceMessage): LiveEvent {
  return { name: event ?? 'message', ...(id !== undefined && { id }), data: jsonOf(data) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError('the server sent an event that cannot be read', EXIT.server);
  }
}

/** The text of a body, in pieces. */
export async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const bytes of body) yield decoder.decode(bytes, { stream: true });
}

/** The values of NDJSON. A line ends at a line feed alone: U+2028 may stand in JSON, and readline ends lines there. */
export async function* ndjsonOf<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T, void> {
  let rest = '';
  for await (const text of textOf(body)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield jsonOf(line) as T;
  }
  if (rest !== '') throw new CommandError('the answer ends within a line: it is not whole', EXIT.server);
}

/** Resolves after a time, or when the signal ends it. */
function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, forMs * (0.75 + Math.random() / 2));
    signal.addEventListener('abort', end);
  });
}
