import { type LiveEvent, followEvents } from '../api/stream.js';
import { answered } from '../api/client.js';
import { type Context } from './context.js';
import { isObject, textOf } from '../render/decoded.js';
import { safe } from '../terminal/safe.js';
import { ResultPrinter } from './printer.js';

export interface FollowOptions {
  since: string | undefined;
  /** end after so many results */
  count: number | undefined;
}

/** Results of an operation as they come, none left out and none twice, until the operation is over or the person leaves. */
export async function follow(
  context: Context,
  operation: string,
  { since, count = Infinity }: FollowOptions,
): Promise<void> {
  const printer = new ResultPrinter(context, true);
  const left = new AbortController();
  const events = followEvents({
    api: context.api,
    operation,
    ...(since !== undefined && { since }),
    signal: left.signal,
    onCut: cutTeller(context),
  });
  let [shown, quiet] = [0, 0];
  for await (const event of events) {
    await showEvent(context, printer, event);
    if (event.name === 'result') shown += 1;
    // results are told of half a second after they are stored: the second heartbeat is surely behind the last of them
    if (event.name === 'heartbeat') quiet = (await isOver(context, operation)) ? quiet + 1 : 0;
    if (shown >= count || quiet === 2) break;
  }
  left.abort();
}

async function showEvent(context: Context, printer: ResultPrinter, event: LiveEvent): Promise<void> {
  const { name, id, data } = event;
  if (name === 'lost' || name === 'assignment') await tell(context, event);
  if (name !== 'result') return;
  if (context.asJson) await context.terminal.json({ position: id ?? null, event: name, data });
  else await showResult(context, printer, event);
}

/** @returns what says on stderr that the connection was lost, and when it is tried again */
export function cutTeller({ terminal }: Context): (reason: string, waitMs: number) => void {
  return (reason, waitMs) => {
    terminal.say(`Cut off (${reason}); going on in ${(waitMs / 1000).toFixed(1)} s`);
  };
}

async function isOver({ api }: Context, id: string): Promise<boolean> {
  const { state } = await answered(api.GET('/api/v1/operations/{id}', { params: { path: { id } } }));
  return state === 'done' || state === 'stopped';
}

async function showResult(context: Context, printer: ResultPrinter, { data }: LiveEvent): Promise<void> {
  const id = isObject(data) ? textOf(data['result_id']) : undefined;
  if (id === undefined) return;
  await printer.print(await answered(context.api.GET('/api/v1/results/{id}', { params: { path: { id } } })));
}

/** What is no result, but worth a line on stderr; with `--json` on stdout, as an event. */
export async function tell(context: Context, event: LiveEvent): Promise<void> {
  const { terminal, asJson } = context;
  if (asJson) {
    await terminal.json({ position: event.id ?? null, event: event.name, data: event.data });
    return;
  }
  if (!isObject(event.data)) return;
  if (event.name === 'lost')
    terminal.say(`Results may be missing here: ${safe(textOf(event.data['detail']) ?? '')}`);
  const [probe, state, reason] = ['probe_id', 'state', 'reason'].map((name) =>
    textOf(isObject(event.data) ? event.data[name] : undefined),
  );
  if (event.name === 'assignment' && state === 'refused')
    terminal.say(
      `${safe(await context.nameOf(probe ?? ''))} refused it: ${safe(reason ?? 'it does not say why')}`,
    );
}
