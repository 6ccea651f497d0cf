import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Operation, type Page } from '../support/api-world.js';
import { CLOCK, dnsResult, failedRun, type NativeProbe, pingResult } from '../support/native-probe.js';
import { openApi } from '../support/openapi-assert.js';

interface Result {
  id: string;
  probe_id: string;
  outcome: string;
  received_at: string;
  scheduled_at: string;
  summary?: Record<string, unknown>[];
  decode_error?: string;
  failure?: { reason: string; detail: string };
  decoded?: unknown;
  clock?: object;
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

describe('results', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: { id: string; token: string };
  let probe: NativeProbe;
  let operation: Operation;
  let path: string;

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(10_000);
    registered = await world.probe(user);
    probe = await world.connect(registered);
    const schedule = { type: 'interval', every_s: 60, stop: new Date(Date.now() + 3_600_000).toISOString() };
    operation = await world.operation(user, [registered], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule,
    });
    path = `/api/v1/operations/${operation.id}/results`;
    await probe.told(operation.id);
    for (let n = 0; n < 5; n += 1) await probe.results([dnsResult(operation.id, at(n))]);
    await probe.results([dnsResult(operation.id, at(5), { content: Buffer.from('not JSON') })]);
    await probe.failed([failedRun(operation.id, at(6))]);
  });
  afterAll(() => world.stop());

  const list = async (query = '') => (await user.api.get<Page<Result>>(`${path}?${query}`)).body.items;

  it('lists them in the order in which they came, page by page', async () => {
    const pages = await user.api.pages<Result>(`${path}?limit=3`);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ scheduled_at }) => scheduled_at)).toEqual([0, 1, 2, 3, 4, 5, 6].map(at));
  });

  it('says what each brought: figures, damage, failure, the probe’s clock', async () => {
    const [first, , , , , damaged, failed] = await list();
    expect(first).toMatchObject({ outcome: 'stored', probe_id: registered.id, clock: CLOCK });
    expect(first?.summary).toEqual([
      expect.objectContaining({
        type: 'dns',
        name: 'example.org',
        rcode: 'NOERROR',
        answers: 1,
        rtt_ms: 12.5,
      }),
    ]);
    expect(damaged).toMatchObject({ outcome: 'stored', decode_error: 'dns: not JSON' });
    expect(failed).toMatchObject({ outcome: 'failed', failure: { reason: 'timeout' } });
  });

  it('decodes where it is asked to', async () => {
    const [first, , , , , damaged, failed] = await list('view=json');
    expect(first?.decoded).toEqual([expect.objectContaining({ name: 'example.org', transport: 'udp' })]);
    expect(damaged?.decoded).toBe('');
    expect(failed).toMatchObject({
      decoded: null,
      decoded_url: null,
      raw_bytes: 0,
      format: null,
      summary: null,
    });
    expect((await list('view=summary'))[0]).toMatchObject({ decoded: null, decoded_url: null });
  });

  it('filters', async () => {
    const all = await list();
    expect(await list('outcome=failed')).toEqual([all[6]]);
    expect(await list('outcome=stored')).toEqual(all.slice(0, 6));
    expect(await list(`probe=${registered.id}`)).toEqual(all);
    expect(await list('probe=6720a1b2c3d4e5f6000000b2')).toEqual([]);
    const middle = all[3]!.received_at;
    expect(await list(`to=${middle}`)).toEqual(all.filter(({ received_at }) => received_at < middle));
    expect(await list(`from=${middle}`)).toEqual(all.filter(({ received_at }) => received_at >= middle));
    const pages = await user.api.pages<Result>(`${path}?from=${middle}&limit=1`);
    expect(pages.flat()).toEqual(all.filter(({ received_at }) => received_at >= middle));
  });

  it.each([
    'from=2026-W01',
    'from=2026-001',
    'from=2026-01-01',
    'to=x',
    'to=2026-02-30T00:00:00Z',
    'probe=x',
    'outcome=',
    'view=raw',
    'cursor=abc',
  ])('refuses %s', async (query) => {
    expect((await user.api.get(`${path}?${query}`)).status).toBe(400);
  });

  it('refuses the cursor of another listing', async () => {
    const probes = await user.api.get<Page<unknown>>('/api/v1/operations?limit=1');
    const cursor = probes.body.next ?? Buffer.from(operation.id).toString('base64url');
    expect((await user.api.get(`${path}?cursor=${cursor}`)).status).toBe(400);
  });

  it('gives all of them as NDJSON, filtered too', async () => {
    const read = async (query: string) => {
      const { headers, text } = await user.api.get(`${path}?${query}`, { accept: 'application/x-ndjson' });
      expect(headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Result);
    };
    const lines = await read('limit=1');
    for (const line of lines) openApi.checkSchema('ResultDto', line);
    expect(lines).toEqual(await list());
    expect(await read('outcome=failed')).toEqual(await list('outcome=failed'));
  });

  it('gives the raw bytes back as they came', async () => {
    const [first, , , , , damaged, failed] = await list();
    const raw = async (id: string) => user.api.get(`/api/v1/results/${id}/raw`);
    const answer = await raw(first!.id);
    expect(answer.text).toBe(dnsResult(operation.id, at(0)).content.toString());
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${first!.id}.dns"`);
    expect((await raw(damaged!.id)).text).toBe('not JSON');
    for (const id of [failed!.id, 'x', '6720a1b2c3d4e5f6000000d4']) expect((await raw(id)).status).toBe(404);
  });

  it('hides those of a private operation from everybody else', async () => {
    const hidden = await world.operation(user, [registered], { visibility: 'private' });
    await probe.told(hidden.id);
    await probe.results([pingResult(hidden.id, at(0))]);
    const { body } = await user.api.get<Page<Result>>(`/api/v1/operations/${hidden.id}/results`);
    const stranger = await world.account();
    expect((await stranger.api.get(`/api/v1/results/${body.items[0]!.id}/raw`)).status).toBe(404);
    expect((await user.api.get(`/api/v1/results/${body.items[0]!.id}/raw`)).status).toBe(200);
  });
});
