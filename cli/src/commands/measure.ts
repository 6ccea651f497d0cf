import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { answered, type Operation, pagesOf, type Result } from '../api/client.js';
import { followEvents, type LiveEvent } from '../api/stream.js';
import { type Context } from './context.js';
import { CommandError, EXIT, type ExitCode } from '../terminal/exit.js';
import { type paths } from '../generated/schema.js';
import { type ProbesQuery } from '../flags/queries.js';
import { type Kind } from '../flags/api-document.js';
import { type Rule } from '../flags/rule.js';
import { isObject, textOf } from '../render/decoded.js';
import { priceOf } from '../render/listings.js';
import { totalsLine } from '../render/result.js';
import { count } from '../render/text.js';
import { cutTeller, tell } from './follow.js';
import { ResultPrinter } from './printer.js';

export interface Measurement {
  kind: Kind;
  targets: readonly string[];
  params: Readonly<Record<string, unknown>>;
  schedule: Readonly<Record<string, unknown>>;
  rule: Rule;
  visibility: 'public' | 'private';
  /** until it is over; else it is made, and that is all */
  wait: boolean;
}

type Creation = NonNullable<
  paths['/api/v1/operations']['post']['requestBody']
>['content']['application/json'];

const MOST_PROBES = 20_000;

/** Makes an operation and shows its results as they come. @returns 0 when every run brought one */
export async function measure(context: Context, measurement: Measurement): Promise<ExitCode> {
  const { terminal, asJson } = context;
  const operation = await create(context, measurement);
  const end = goesOn(context, operation);
  try {
    if (asJson) await terminal.json({ operation });
    else terminal.say(`${operation.kind} ${operation.id}: ${priceOf(operation)}`);
    if (measurement.wait) return await watch(context, operation);
    if (!asJson) terminal.say(`See what comes: pladmed follow ${operation.id}`);
    return EXIT.ok;
  } finally {
    end();
  }
}

/** Sent again under its key where the connection broke: it is made, and paid, once. */
async function create(context: Context, measurement: Measurement): Promise<Operation> {
  const { kind, params, targets, schedule, visibility } = measurement;
  const body = {
    kind,
    params: { ...params, ...targetsOf(kind, targets) },
    schedule,
    visibility,
    ...(await whereFrom(context, measurement)),
  };
  const key = randomUUID();
  const ask = () =>
    context.api.POST('/api/v1/operations', {
      params: { header: { 'Idempotency-Key': key } },
      // made of flags that are made of the same document; the server judges it in any case
      body: body as unknown as Creation,
    });
  return answered(
    ask().catch((error: unknown) => {
      if (error instanceof CommandError && error.exitCode === EXIT.server) return ask();
      throw error;
    }),
  );
}

/** Addresses and names each have a member of their own; a request has URLs, and a look-up only names. */
function targetsOf(kind: string, targets: readonly string[]): Record<string, string[]> {
  if (targets.length === 0) return {};
  if (kind === 'http') return { urls: [...targets] };
  if (kind === 'dns') return { fqdns: [...targets] };
  const ips = targets.filter((target) => isIP(target) !== 0);
  const fqdns = targets.filter((target) => isIP(target) === 0);
  return { ...(ips.length > 0 && { ips }), ...(fqdns.length > 0 && { fqdns }) };
}

async function whereFrom(context: Context, { rule, kind }: Measurement): Promise<object> {
  if (!('all' in rule)) return rule;
  const { api } = context;
  const { tags, kinds, near, exclude, ...same } = rule.all;
  const left = new Set(listed(exclude));
  // the conditions were read with the types of the document; the names differ
  const query = {
    ...same,
    ...(tags !== undefined && { tag: tags }),
    ...(isObject(near) ? near : {}),
    kind: [kind, ...listed(kinds)],
  } as ProbesQuery;
  const probes: string[] = [];
  for await (const { id } of pagesOf((cursor) =>
    api.GET('/api/v1/probes', {
      params: { query: { ...query, limit: 1000, ...(cursor !== undefined && { cursor }) } },
    }),
  ))
    if (!left.has(id)) probes.push(id);
  if (probes.length === 0) throw new CommandError('No probe meets the conditions.', EXIT.refused);
  if (probes.length > MOST_PROBES)
    throw new CommandError(
      `${probes.length} probes match, more than the ${MOST_PROBES} of one operation.`,
      EXIT.refused,
    );
  return { probes };
}

function listed(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Says what Ctrl-C means: the probes measure on. @returns what takes the word back */
function goesOn({ terminal }: Context, { id }: Operation): () => void {
  const tellAndLeave = (): void => {
    terminal.progress('');
    terminal.say(
      '',
      `The measurement goes on. Follow it: pladmed follow ${id}; stop it: pladmed operations stop ${id}`,
    );
    process.exit(EXIT.interrupted);
  };
  process.once('SIGINT', tellAndLeave);
  return () => process.removeListener('SIGINT', tellAndLeave);
}

async function watch(context: Context, { id, schedule }: Operation): Promise<ExitCode> {
  const { terminal, asJson, api } = context;
  const left = new AbortController();
  const shown = new Shown(context, id, schedule.type !== 'once');
  const events = followEvents({ api, operation: id, signal: left.signal, onCut: cutTeller(context) });
  let now = await state(context, id);
  for await (const event of events) {
    await shown.after(event);
    if (event.name !== 'result' || shown.size >= now.progress.due) now = await state(context, id);
    terminal.progress(`${shown.size} of ${count(now.progress.due, 'run')}`);
    if (isOver(now)) break;
  }
  left.abort();
  const { progress } = now;
  if (shown.size < progress.received + progress.failed) await shown.missing();
  terminal.progress('');
  if (asJson) await terminal.json({ operation: now });
  else terminal.say(totalsLine(progress));
  const isWhole = progress.failed === 0 && progress.received >= progress.due && progress.due > 0;
  return isWhole ? EXIT.ok : EXIT.incomplete;
}

function isOver({ state: now, progress: { received, failed, due } }: Operation): boolean {
  return now === 'done' || now === 'stopped' || (due > 0 && received + failed >= due);
}

function state({ api }: Context, id: string): Promise<Operation> {
  return answered(api.GET('/api/v1/operations/{id}', { params: { path: { id } } }));
}

/** Results that were shown, each once, in whichever way it was learnt of. */
class Shown {
  private readonly ids = new Set<string>();
  private readonly printer: ResultPrinter;

  constructor(
    private readonly context: Context,
    private readonly operation: string,
    withTime: boolean,
  ) {
    this.printer = new ResultPrinter(context, withTime);
  }

  get size(): number {
    return this.ids.size;
  }

  async after(event: LiveEvent): Promise<void> {
    const { name, data } = event;
    if (name === 'result') await this.byId(isObject(data) ? textOf(data['result_id']) : undefined);
    if (name === 'lost' || (name === 'assignment' && !this.context.asJson)) await tell(this.context, event);
    // what came before the connection stood is in no event
    if (name === 'open') await this.missing();
  }

  /** Shows what is stored and was not shown. */
  async missing(): Promise<void> {
    const pages = pagesOf((cursor) =>
      this.context.api.GET('/api/v1/operations/{id}/results', {
        params: {
          path: { id: this.operation },
          query: { view: 'json', ...(cursor !== undefined && { cursor }) },
        },
      }),
    );
    for await (const result of pages) if (!this.ids.has(result.id)) await this.show(result);
  }

  private async byId(id: string | undefined): Promise<void> {
    if (id === undefined || this.ids.has(id)) return;
    await this.show(
      await answered(this.context.api.GET('/api/v1/results/{id}', { params: { path: { id } } })),
    );
  }

  private async show(result: Result): Promise<void> {
    this.ids.add(result.id);
    if (this.context.asJson) await this.context.terminal.json({ result });
    else await this.printer.print(result);
  }
}
