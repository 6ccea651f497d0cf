import { answered, type Operation, pagesOf } from '../api/client.js';
import { type Context } from './context.js';
import { type CoverageQuery, type OperationsQuery } from '../flags/queries.js';
import { coverageLines, operationLines, operationTable } from '../render/listings.js';

export async function listOperations(context: Context, query: OperationsQuery, limit: number): Promise<void> {
  const { api, terminal, asJson } = context;
  const found: Operation[] = [];
  const pages = pagesOf((cursor) =>
    api.GET('/api/v1/operations', {
      params: { query: { ...query, limit: Math.min(limit, 1000), ...(cursor !== undefined && { cursor }) } },
    }),
  );
  for await (const operation of pages) {
    if (asJson) await terminal.json(operation);
    found.push(operation);
    if (found.length === limit) break;
  }
  if (!asJson) await terminal.print(...operationTable(found, terminal.colours));
}

export async function showOperation(context: Context, id: string): Promise<void> {
  await show(
    context,
    await answered(context.api.GET('/api/v1/operations/{id}', { params: { path: { id } } })),
  );
}

/** May be repeated: one that is over stays as it is. */
export async function stopOperation(context: Context, id: string): Promise<void> {
  await show(
    context,
    await answered(context.api.DELETE('/api/v1/operations/{id}', { params: { path: { id } } })),
  );
}

async function show({ terminal, asJson }: Context, operation: Operation): Promise<void> {
  if (asJson) await terminal.json(operation);
  else await terminal.print(...operationLines(operation, terminal.colours));
}

/** The account of all runs, with all of its probes. */
export async function showCoverage(context: Context, id: string, query: CoverageQuery): Promise<void> {
  const { api, terminal, asJson } = context;
  const page = (cursor?: string) =>
    answered(
      api.GET('/api/v1/operations/{id}/coverage', {
        params: { path: { id }, query: { ...query, limit: 1000, ...(cursor !== undefined && { cursor }) } },
      }),
    );
  const coverage = await page();
  let probes = coverage.probes;
  for (let next = coverage.next; next !== null;) {
    const more = await page(next);
    probes = [...probes, ...more.probes];
    next = more.next;
  }
  if (asJson) {
    await terminal.json({ ...coverage, probes, next: null });
    return;
  }
  const names = new Map<string, string>();
  for (const { probe_id } of probes) names.set(probe_id, await context.nameOf(probe_id));
  await terminal.print(...coverageLines(coverage, probes, names));
}
