import { answered, pagesOf, type Probe } from '../api/client.js';
import { type Context } from './context.js';
import { type ProbesQuery } from '../flags/queries.js';
import { probeLines, probeTable } from '../render/listings.js';

export async function listProbes(context: Context, query: ProbesQuery, limit: number): Promise<void> {
  const { api, terminal, asJson } = context;
  const found: Probe[] = [];
  const pages = pagesOf((cursor) =>
    api.GET('/api/v1/probes', {
      params: { query: { ...query, limit: Math.min(limit, 1000), ...(cursor !== undefined && { cursor }) } },
    }),
  );
  let isMore = false;
  for await (const probe of pages) {
    isMore = found.length === limit;
    if (isMore) break;
    if (asJson) await terminal.json(probe);
    found.push(probe);
  }
  if (!asJson) await terminal.print(...probeTable(found, terminal.colours, Date.now()));
  if (isMore) terminal.say(`There are more: these are the first ${limit} (--limit).`);
}

export async function showProbe(context: Context, id: string): Promise<void> {
  const { api, terminal, asJson } = context;
  const probe = await answered(api.GET('/api/v1/probes/{id}', { params: { path: { id } } }));
  if (asJson) await terminal.json(probe);
  else await terminal.print(...probeLines(probe, terminal.colours, Date.now()));
}
