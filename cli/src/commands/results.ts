import { answered, problemError, type Result } from '../api/client.js';
import { ndjsonOf } from '../api/stream.js';
import { type Context } from './context.js';
import { CommandError, EXIT } from '../terminal/exit.js';
import { type ResultsQuery } from '../flags/queries.js';
import { brokenOff, toFile, toStdout } from './download.js';
import { ResultPrinter } from './printer.js';

export interface ResultsOptions {
  /** of one operation; undefined: of all that may be seen */
  operation: string | undefined;
  query: ResultsQuery;
  /** as the API writes it; undefined: for people, or with `--json` one a line */
  format: string | undefined;
  /** stop after so many; for people and `--json` */
  limit: number | undefined;
  /** a file; undefined: stdout */
  output: string | undefined;
}

export async function showResults(context: Context, options: ResultsOptions): Promise<void> {
  const { format, limit, output } = options;
  if (format !== undefined || output !== undefined) {
    if (limit !== undefined)
      throw new CommandError('--limit is for reading: a file has all of them.', EXIT.usage);
    await download(context, { ...options, format: format ?? 'ndjson' });
    return;
  }
  await print(context, options);
}

async function print(
  context: Context,
  { operation, query, limit = Infinity }: ResultsOptions,
): Promise<void> {
  const { terminal, asJson } = context;
  const printer = new ResultPrinter(context, true);
  const left = new AbortController();
  // what people read has RTTs of each packet and answers of name servers, which only the raw bytes have
  const asked = asJson ? query : { view: 'json' as const, ...query };
  const body = await streamed(context, operation, { ...asked, format: 'ndjson' }, left.signal);
  let shown = 0;
  try {
    for await (const result of ndjsonOf<Result>(body)) {
      if (shown === limit) break;
      if (asJson) await terminal.json(result);
      else await printer.print(result);
      shown += 1;
    }
  } catch (error) {
    throw brokenOff(error, shown === 1 ? 'one result' : `${shown} results`);
  } finally {
    left.abort();
  }
  if (shown === 0 && !asJson) terminal.say('There are no such results.');
}

/** Writes what the server sends, byte for byte; a file has its name only when it is whole. */
async function download(context: Context, options: ResultsOptions & { format: string }): Promise<void> {
  const { output, operation, query, format } = options;
  // the flags of this command are those of the document, and so are the values of `format`
  const asked: ResultsQuery = { ...query, format: format as NonNullable<ResultsQuery['format']> };
  if (format === 'json') {
    await downloadPages(context, options);
    return;
  }
  const body = await streamed(context, operation, asked);
  if (output === undefined) await toStdout(context, body);
  else await toFile(context, body, output);
}

/** JSON has pages: all of them as one array. */
async function downloadPages(context: Context, { operation, query, output }: ResultsOptions): Promise<void> {
  const lines = async function* (): AsyncGenerator<Uint8Array, void> {
    const body = await streamed(context, operation, { ...query, format: 'ndjson' });
    let before = '[';
    for await (const result of ndjsonOf<Result>(body)) {
      yield Buffer.from(`${before}\n${JSON.stringify(result)}`);
      before = ',';
    }
    yield Buffer.from(before === '[' ? '[]\n' : '\n]\n');
  };
  if (output !== undefined) await toFile(context, lines(), output);
  else await toStdout(context, ReadableStream.from(lines()));
}

/** @throws CommandError also for what is no text, where it would go to a terminal */
async function streamed(
  { api, terminal }: Context,
  operation: string | undefined,
  query: ResultsQuery,
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { view, ...others } = query;
  const asked = { ...others, ...(view !== undefined && { view }) };
  const { data, error, response } =
    operation === undefined
      ? await api.GET('/api/v1/results', {
          params: { query: asked },
          parseAs: 'stream',
          ...(signal && { signal }),
        })
      : await api.GET('/api/v1/operations/{id}/results', {
          params: { path: { id: operation }, query: asked },
          parseAs: 'stream',
          ...(signal && { signal }),
        });
  if (!response.ok || data === undefined || data === null) throw problemError(response, error);
  const type = response.headers.get('content-type') ?? '';
  if (terminal.isInteractive && !/json|text/.test(type)) {
    await data.cancel();
    throw new CommandError(`${type} is not for a terminal: write it to a file with -o.`, EXIT.usage);
  }
  return data;
}

/** One result with what its raw bytes say. */
export async function showResult(context: Context, id: string): Promise<void> {
  const { api, terminal, asJson } = context;
  const result = await answered(api.GET('/api/v1/results/{id}', { params: { path: { id } } }));
  if (asJson) await terminal.json(result);
  else await new ResultPrinter(context, true).print(result);
}
