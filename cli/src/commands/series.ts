import { answered, problemError } from '../api/client.js';
import { type Context } from './context.js';
import { type SeriesQuery } from '../flags/queries.js';
import { seriesLines } from '../render/series.js';
import { toFile, toStdout } from './download.js';

export interface SeriesOptions {
  operation: string;
  query: SeriesQuery;
  /** as the API writes it; undefined: for people, or with `--json` as JSON */
  format: 'json' | 'csv' | undefined;
  /** a file; undefined: stdout */
  output: string | undefined;
}

/** The figures of an operation by time; of an mtr those of each hop too. */
export async function showSeries(context: Context, options: SeriesOptions): Promise<void> {
  const { api, terminal, asJson } = context;
  const { operation, query, output } = options;
  const path = { id: operation };
  const format = options.format ?? (output === undefined ? undefined : 'csv');
  if (format !== undefined) {
    const { data, error, response } = await api.GET('/api/v1/operations/{id}/series', {
      params: { path, query: { ...query, format } },
      parseAs: 'stream',
    });
    if (!response.ok || data === undefined || data === null) throw problemError(response, error);
    await (output === undefined ? toStdout(context, data) : toFile(context, data, output));
    return;
  }
  const series = await answered(api.GET('/api/v1/operations/{id}/series', { params: { path, query } }));
  if (asJson) {
    await terminal.json(series);
    return;
  }
  const names = new Map<string, string>();
  for (const { probe_id } of series.series)
    if (probe_id !== null) names.set(probe_id, await context.nameOf(probe_id));
  await terminal.print(...seriesLines(series, names, query.metrics !== undefined, terminal.colours));
}
