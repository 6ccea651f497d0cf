import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import mongoose from 'mongoose';
import { type Account, ApiWorld, type Operation, type Page } from '../support/api-world.js';
import { CLOCK, dnsResult, failedRun, type NativeProbe, pingResult } from '../support/native-probe.js';
import { decode } from '@pladmed/warts';
import { parquetReadObjects } from 'hyparquet';
import { openApi } from '../support/openapi-assert.js';
import { until } from '../support/until.js';

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
    registered = await world.probe(user, {
      tags: ['lab', 'dsl'],
      location: { longitude: 13.4, latitude: 52.5 },
    });
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

  /** An answer whose bytes are no text. */
  async function bytesOf(url: string, { api }: Account = user) {
    const answer = await fetch(world.server.url + url, {
      headers: { authorization: `Bearer ${api.token ?? ''}` },
    });
    return { headers: answer.headers, body: await answer.arrayBuffer() };
  }

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
    'time=started_at',
    'target=192.0.2.0/33',
    'target=a%00b',
    'target=',
    'path=router.example',
    'path=192.0.2',
    'family=5',
    'rtt_from=2&rtt_to=1',
    'rtt_from=-1',
    'loss_to=1.5',
    'reached=maybe',
    'rcode=no%20error',
    'http_status=99',
    'expires_before=tomorrow',
    'order=up',
    'format=xml',
    'tag=NO',
    'country=de',
    'country=DEU',
    'longitude=13&latitude=52',
    'longitude=13&latitude=52&within_km=0',
    'longitude=1e1&latitude=52&within_km=5',
    'bbox=1,2,3',
    'bbox=1,2,3,4,5',
    'bbox=10,60,20,50',
    'bbox=10,50,190,60',
    'network=example.org',
    'network=192.0.2.0/33',
    'answer=',
    'answer=a%00b',
    `answer=${'x'.repeat(256)}`,
    `from=${at(1)}&to=${at(1)}`,
    `from=${at(2)}&to=${at(1)}`,
    'limit=1001',
    'limit=0',
    'reason[$ne]=timeout',
    'target[$ne]=x',
    'colour=red',
  ])('refuses %s', async (query) => {
    expect((await user.api.get(`${path}?${query}`)).status).toBe(400);
  });

  it('filters by what was measured', async () => {
    const all = await list();
    const good = all.slice(0, 5);
    for (const query of [
      ...[
        'target=example.org',
        'target=EXAMPLE.org.',
        'target=192.0.2.53',
        'target=192.0.2.0/24',
        'family=4',
      ],
      ...['rcode=noerror', 'rtt_from=12.5', 'rtt_to=12.5', 'rtt_from=12&rtt_to=13&target=example.org'],
    ])
      expect([query, await list(query)]).toEqual([query, good]);
    for (const query of [
      ...[
        'target=example',
        'target=ample.org',
        'target=192.0.2.5',
        'target=192.0.2.0/28',
        'target=2001:db8::/32',
      ],
      ...['family=6', 'rcode=NXDOMAIN', 'rtt_from=12.6', 'loss_from=0', 'reached=false', 'http_status=200'],
      ...[
        'path=192.0.2.53',
        'path=0.0.0.0/0',
        'path_hash=0123456789abcdef',
        'expires_before=2099-01-01T00:00:00Z',
      ],
      'target=.*',
    ])
      expect([query, await list(query)]).toEqual([query, []]);
    expect(await list('reason=timeout')).toEqual([all[6]]);
    expect(await list(`probe=${registered.id}&probe=6720a1b2c3d4e5f6000000b2`)).toEqual(all);
  });

  it('filters by the probe: its tags, its country, where it is', async () => {
    const all = await list();
    for (const query of [
      ...[
        'tag=lab',
        'tag=lab&tag=dsl',
        'country=DE',
        'country=FR&country=DE',
        `country=DE&probe=${registered.id}`,
      ],
      ...['longitude=13&latitude=52&within_km=100', 'bbox=10,50,20,55', 'bbox=170,50,20,55'],
    ])
      expect([query, await list(query)]).toEqual([query, all]);
    for (const query of [
      ...['tag=lab&tag=fibre', 'country=FR', 'country=DE&probe=6720a1b2c3d4e5f6000000b2'],
      ...[
        'longitude=13&latitude=52&within_km=10',
        'bbox=10,50,13,55',
        'bbox=20,50,10,55',
        'country=DE&tag=none',
      ],
    ])
      expect([query, await list(query)]).toEqual([query, []]);
  });

  it('filters by a name and the network of its address together, and by what an answer contains', async () => {
    const good = (await list()).slice(0, 5);
    for (const query of [
      ...['network=192.0.2.0/24', 'network=192.0.2.53', 'target=example.org&network=192.0.2.48/28'],
      ...['answer=192.0.2.1', 'answer=0.2', 'target=192.0.2.0/24&network=192.0.2.53/32'],
    ])
      expect([query, await list(query)]).toEqual([query, good]);
    for (const query of [
      ...['target=example.com&network=192.0.2.0/24', 'target=example.org&network=198.51.100.0/24'],
      ...['answer=192.0.2.2', 'answer=.*', 'answer=192%5C.0', 'network=::/0'],
    ])
      expect([query, await list(query)]).toEqual([query, []]);
  });

  it('answers every example of docs/data.md', async () => {
    const page = readFileSync(new URL('../../docs/data.md', import.meta.url), 'utf8');
    const examples = [...page.matchAll(/curl -s "\$S([/]api[^"]+)"/g)].map(([, each]) => each ?? '');
    expect(examples.length).toBeGreaterThan(6);
    const more = { kind: 'mtr', params: { ips: ['192.0.2.1'] }, visibility: 'private' };
    const mtr = await world.operation(user, [await world.probe(user)], more);
    for (const example of examples) {
      const path = example.replace('$ID', operation.id).replace('$MTR', mtr.id);
      const { status, body } = await user.api.get(path);
      expect([example, status, status === 200 ? null : body]).toEqual([example, 200, null]);
    }
  });

  it('filters by when it was due, and when it really began', async () => {
    const all = await list();
    expect(await list(`time=scheduled_at&from=${at(1)}&to=${at(3)}`)).toEqual(all.slice(1, 3));
    // the probe's clock was 0.4 ms behind; of the failed run nothing began
    expect(await list(`time=started_corrected_at&from=${at(1)}`)).toEqual(all.slice(1, 6));
    expect(await list(`time=started_corrected_at&to=${at(1)}`)).toEqual(all.slice(0, 1));
    expect(await list(`time=started_at_corrected&to=${at(1)}`)).toEqual(all.slice(0, 1));
  });

  it('gives the newest of each probe and destination', async () => {
    const all = await list();
    const latest = `/api/v1/operations/${operation.id}/latest`;
    const found = async (query = '') =>
      (
        await user.api.pages<Result & { result_id: string; destination: string }>(
          `${latest}?limit=1&${query}`,
        )
      ).flat();
    // the tail's consumer is some seconds behind
    await until('the newest to be known', async () => (await found()).length === 2);
    const ids = async (query: string) => (await found(query)).map(({ result_id }) => result_id);
    expect(new Set(await ids(''))).toEqual(new Set([all[4]!.id, all[6]!.id]));
    expect(await ids('outcome=failed')).toEqual([all[6]!.id]);
    expect(await found('rcode=NOERROR')).toEqual([
      expect.objectContaining({ probe_id: registered.id, destination: 'example.org', scheduled_at: at(4) }),
    ]);
    for (const query of ['rcode=SERVFAIL', 'country=FR', `from=${new Date().toISOString()}`])
      expect([query, await ids(query)]).toEqual([query, []]);
    const ofTarget = async (api: Account['api'], query: string) =>
      (await api.pages<Result & { result_id: string }>(`/api/v1/results/latest?${query}`))
        .flat()
        .map(({ result_id }) => result_id);
    expect(await ofTarget(user.api, 'target=Example.org.&mine=true')).toContain(all[4]!.id);
    expect(await ofTarget(user.api, 'target=192.0.2.53&kind=dns')).toContain(all[4]!.id);
    expect(await ofTarget(user.api, 'target=192.0.2.53&kind=ping')).toEqual([]);
    const other = await world.account();
    expect(await ofTarget(other.api, 'target=example.org&mine=true')).toEqual([]);
    const { body } = await user.api.get<Page<Result>>(`${latest}?limit=1`);
    for (const query of [
      ...[
        `limit=1&rcode=NOERROR&cursor=${String(body.next)}`,
        'cursor=abc',
        'order=desc',
        'rtt_from=2&rtt_to=1',
      ],
      'format=csv',
    ])
      expect([query, (await user.api.get(`${latest}?${query}`)).status]).toEqual([query, 400]);
    for (const query of ['', 'target=', 'target=192.0.2.0/24', 'target=a&limit=9999'])
      expect([query, (await user.api.get(`/api/v1/results/latest?${query}`)).status]).toEqual([query, 400]);
  });

  it('gives the newest first where it is asked to, page by page', async () => {
    const all = await list();
    const pages = await user.api.pages<Result>(`${path}?order=desc&limit=2&outcome=stored`);
    expect(pages.flat()).toEqual(all.slice(0, 6).reverse());
  });

  it('gives one, with what its bytes say', async () => {
    const [first, , , , , , failed] = await list('view=json');
    const one = async (id: string, query = '') => (await user.api.get(`/api/v1/results/${id}${query}`)).body;
    expect(await one(first!.id)).toEqual(first);
    expect(await one(first!.id, '?view=summary')).toEqual((await list())[0]);
    expect(await one(failed!.id)).toEqual(failed);
    expect((await user.api.get('/api/v1/results/6720a1b2c3d4e5f6000000d4')).status).toBe(404);
  });

  it('refuses the cursor of another question', async () => {
    const { body } = await user.api.get<Page<Result>>(`${path}?limit=1&outcome=stored`);
    const next = `limit=2&cursor=${String(body.next)}`;
    expect((await user.api.get(`${path}?${next}&outcome=stored&view=json`)).status).toBe(200);
    for (const other of ['outcome=failed', 'outcome=stored&order=desc', ''])
      expect((await user.api.get(`${path}?${next}&${other}`)).status).toBe(400);
  });

  it('gives them as CSV, a row for each query', async () => {
    const all = await list();
    for (const asked of [
      { query: '?format=csv', accept: '*/*' },
      { query: '', accept: 'text/csv' },
    ]) {
      const { headers, text } = await user.api.get(`${path}${asked.query}`, { accept: asked.accept });
      expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
      const [names, ...rows] = text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(','));
      expect(names?.slice(0, 6)).toEqual([
        'result_id',
        'operation_id',
        'probe_id',
        'kind',
        'outcome',
        'received_at',
      ]);
      const cells = rows.map((row) => Object.fromEntries(names!.map((name, index) => [name, row[index]])));
      expect(cells.map(({ result_id }) => result_id)).toEqual(all.map(({ id }) => id));
      expect(cells[0]).toMatchObject({
        ...{ entry: '0', name: 'example.org', rcode: 'NOERROR', rtt_ms: '12.5', flags: 'rd ra', error: '' },
        ...{ scheduled_at: at(0), clock_offset_ms: '0.4', clock_trusted: 'true', failure_reason: '' },
      });
      expect(cells[6]).toMatchObject({ outcome: 'failed', failure_reason: 'timeout', entry: '', rtt_ms: '' });
    }
  });

  it('gives them as Parquet: the rows and columns of CSV, by their types', async () => {
    const { body, headers } = await bytesOf(`${path}?format=parquet`);
    expect(headers.get('content-type')).toBe('application/vnd.apache.parquet');
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="results-dns-${operation.id}.parquet"`,
    );
    const rows = await parquetReadObjects({ file: body });
    const csv = (await user.api.get(`${path}?format=csv`)).text.trimEnd().split('\n');
    expect(Object.keys(rows[0]!).join(',')).toBe(csv[0]);
    expect(rows.map(({ result_id }) => result_id as unknown)).toEqual((await list()).map(({ id }) => id));
    expect(rows[0]).toMatchObject({ rtt_ms: 12.5, flags: ['rd', 'ra'], scheduled_at: new Date(at(0)) });
    expect(rows[6]).toMatchObject({ outcome: 'failed', entry: null, rtt_ms: null, flags: null });
  });

  it('gives them as RIPE Atlas does: what its own API answers', async () => {
    const all = await list();
    const { number } = (await user.api.get<{ number: number }>(`/api/v1/operations/${operation.id}`)).body;
    const door = await fetch(`${world.server.url}/api/v2/measurements/${number}/results/`);
    const { headers, text } = await user.api.get(`${path}?format=atlas`);
    expect(headers.get('content-type')).toBe('application/vnd.pladmed.atlas+json');
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="results-dns-${operation.id}.atlas.json"`,
    );
    const shown = JSON.parse(text) as { type: string; msm_id: number; error?: object }[];
    expect(shown).toHaveLength(all.length);
    expect(shown[0]).toMatchObject({ type: 'dns', msm_id: number, result: { rt: 12.5 } });
    expect(shown[6]).toMatchObject({ error: { timeout: 5000 } });
    // the door has them by the clock of the probe, by which nothing of a failed run began: this is the order in which they came
    const sorted = (results: unknown) => (results as object[]).map((each) => JSON.stringify(each)).sort();
    expect(sorted(shown)).toEqual(sorted(await door.json()));
    const as = 'application/vnd.pladmed.atlas+json';
    const few = await user.api.get(`/api/v1/results?kind=dns&outcome=failed&order=desc`, { accept: as });
    expect(JSON.parse(few.text)).toEqual([shown[6]]);
    expect((await user.api.get(`${path}?format=atlas&rcode=REFUSED`)).text).toBe('[]');
    const packed = await fetch(`${world.server.url}${path}?format=atlas`, {
      headers: { authorization: `Bearer ${user.api.token ?? ''}`, 'accept-encoding': 'gzip' },
    });
    expect([packed.headers.get('content-encoding'), await packed.text()]).toEqual(['gzip', text]);
  });

  it('says which formats there are where one is asked for that is not there', async () => {
    const ask = async (query: string, accept: string) => user.api.get(`${path}${query}`, { accept });
    const warts = await ask('?format=warts', '*/*');
    expect([warts.status, warts.text]).toEqual([
      406,
      expect.stringContaining('warts is of ping and traceroute, and has no dns'),
    ]);
    const png = await ask('', 'image/png');
    expect([png.status, png.text]).toEqual([406, expect.stringContaining('text/csv')]);
    const xml = await ask('?format=xml', '*/*');
    expect([xml.status, xml.text]).toEqual([
      400,
      expect.stringContaining('format must be one of json, ndjson, csv, parquet, warts, atlas'),
    ]);
    const { status, headers } = await ask('', 'application/x-warts, text/csv;q=0.5');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(headers.get('vary')).toContain('Accept');
  });

  it('searches several operations, by the time at which results came', async () => {
    const pings = await world.operation(user, [registered]);
    const hidden = await world.operation(user, [registered], { visibility: 'private' });
    for (const { id } of [pings, hidden]) await probe.told(id);
    await probe.results([pingResult(pings.id, at(1)), pingResult(hidden.id, at(2))]);
    await probe.results([dnsResult(operation.id, at(7))]);
    const ids = async ({ api }: Account, query = '') =>
      (await api.pages<Result & { operation_id: string }>(`/api/v1/results?limit=2&${query}`))
        .flat()
        .map(({ operation_id }) => operation_id);
    const dns = Array.from({ length: 7 }, () => operation.id);
    expect((await ids(user)).slice(0, 7)).toEqual(dns);
    expect((await ids(user)).slice(7).sort()).toEqual([operation.id, pings.id, hidden.id].sort());
    expect(await ids(user, 'order=desc&kind=dns')).toEqual([...dns, operation.id]);
    expect(await ids(user, `kind=ping&operation=${pings.id}&operation=${operation.id}`)).toEqual([pings.id]);
    expect(await ids(user, 'kind=tls')).toEqual([]);
    const stranger = await world.account();
    expect(await ids(stranger, 'kind=ping')).toEqual([pings.id]);
    expect(await ids(stranger, 'mine=true')).toEqual([]);
    const get = (query: string) => stranger.api.get(`/api/v1/results?${query}`);
    expect((await get(`operation=${pings.id}&operation=${hidden.id}`)).status).toBe(404);
    expect((await get('format=csv')).text).toContain('a table is of one kind');
    const csv = await get('format=csv&kind=ping');
    expect(csv.text.split('\n')[0]).toContain('rtt_avg_ms');
    // a row for each of its three destinations
    expect(csv.text.trimEnd().split('\n')).toHaveLength(1 + 3);
    expect((await get('format=csv&kind=tls')).status).toBe(400);
    const { body, headers } = await bytesOf('/api/v1/results?format=warts&kind=ping', stranger);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="results-ping-${pings.id}.warts"`);
    const { records, error } = decode(new Uint8Array(body));
    expect([error, records.map(({ type }) => type)]).toEqual([
      undefined,
      ['list', 'cycle-start', 'ping', 'ping', 'ping', 'cycle-stop', 'list'],
    ]);
    expect((await get('format=warts')).status).toBe(406);
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
    const lines = await read('order=asc');
    for (const line of lines) openApi.checkSchema('ResultDto', line);
    expect(lines).toEqual(await list());
    expect(await read('outcome=failed')).toEqual(await list('outcome=failed'));
    for (const [place, format] of [
      ['limit=1', 'ndjson'],
      ['limit=100', 'csv'],
      ['cursor=x', 'parquet'],
    ]) {
      const refused = await user.api.get(`${path}?${place}&format=${format}`);
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(`with ${format}`)]);
    }
  });

  it('follows as NDJSON what comes, and goes on after any line', async () => {
    const path = `/api/v1/operations/${operation.id}/results?follow=true`;
    /** Lines until there are so many. */
    async function follow(count: number, query = '', ready: () => Promise<void> = () => Promise.resolve()) {
      const hangUp = new AbortController();
      const response = await fetch(`${world.server.url}${path}${query}`, {
        headers: { accept: 'application/x-ndjson', authorization: `Bearer ${user.api.token ?? ''}` },
        signal: hangUp.signal,
      });
      expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      let text = '';
      const reading = (async () => {
        for await (const chunk of response.body!) {
          text += Buffer.from(chunk as Uint8Array).toString();
          if (text.split('\n').length > count + 1) return;
        }
      })();
      await until('the line that says where it begins', () => text.includes('\n'));
      expect(Object.keys(JSON.parse(text.split('\n')[0]!) as object)).toEqual(['position']);
      await ready();
      await reading;
      hangUp.abort();
      return text
        .trimEnd()
        .split('\n')
        .slice(1, count + 1)
        .map((line) => JSON.parse(line) as Result & { position: string });
    }
    const fresh = [10, 11, 12].map((n) => dnsResult(operation.id, at(n)));
    const stored = await list();
    const before = await follow(stored.length, '&since=0-');
    expect(before.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    const { position } = before.at(-1)!;
    const came = await follow(3, `&since=${position}`, async () => {
      for (const result of fresh) await probe.results([result]);
    });
    const all = await list('view=json');
    for (const [index, { position: where, ...line }] of came.entries()) {
      openApi.checkSchema('ResultDto', line);
      expect(line).toEqual({ ...all.slice(-3)[index], decoded: null });
      expect(where).toMatch(/^\d+-[0-9a-f]{24}$/);
    }
    const [second] = await follow(1, `&since=${came[0]!.position}&view=json`);
    expect(second).toMatchObject({ id: came[1]!.id, decoded: all.at(-2)!.decoded });
    const wrong = {
      'order=desc': 'order',
      'limit=2': 'limit',
      'cursor=x': 'cursor',
      'outcome=stored': 'outcome',
      'format=csv': 'format',
      'since=1': 'since',
    };
    for (const [query, field] of Object.entries(wrong)) {
      const { status, text } = await user.api.get(`${path}&${query}`, { accept: 'application/x-ndjson' });
      expect([status, text]).toEqual([400, expect.stringContaining(`"${field}"`)]);
    }
    expect((await user.api.get(path)).status).toBe(400);
  });

  it('says which raw bytes and which results are not kept any more', async () => {
    const [, second] = await list('view=json');
    const id = { _id: new mongoose.mongo.ObjectId(second!.id) };
    const deletedAt = new Date('2026-01-02T03:04:05.678Z');
    const results = world.database.collection('results');
    const { raw } = (await results.findOne(id))!;
    await results.updateOne(id, { $unset: { raw: 1 }, $set: { raw_deleted_at: deletedAt } });
    const gone = { ...second, decoded: null, raw_bytes: 0, raw_deleted_at: deletedAt.toISOString() };
    for (const view of ['json', 'dump']) {
      expect((await list(`view=${view}`))[1]).toEqual(gone);
      expect((await user.api.get(`/api/v1/results/${second!.id}?view=${view}`)).body).toEqual(gone);
    }
    for (const what of ['raw', 'decoded']) {
      const { status, body } = await user.api.get<object>(`/api/v1/results/${second!.id}/${what}`);
      expect([status, body]).toEqual([
        410,
        expect.objectContaining({ code: 'gone', deleted_at: deletedAt.toISOString() }),
      ]);
    }
    const { body: classic } = await user.api.get<{ results: { results: unknown }[] }>(
      `/operation?id=${operation.id}`,
    );
    expect(classic.results.map((each) => each.results)).toContainEqual([]);
    await results.updateOne(id, { $unset: { raw_deleted_at: 1 }, $set: { raw } });

    const keptFrom = second!.received_at;
    const which = { _id: new mongoose.mongo.ObjectId(operation.id) };
    const operations = world.database.collection('operations');
    await operations.updateOne(which, { $set: { results_kept_from: new Date(keptFrom) } });
    for (const at of [path, '/api/v1/results', `${path}?format=csv`, `${path}?format=ndjson`]) {
      const { headers, body } = await user.api.get<{ results_kept_from: string } | undefined>(at);
      expect([at, headers.get('results-kept-from')]).toEqual([at, keptFrom]);
      if (body) expect(body.results_kept_from).toBe(keptFrom);
    }
    const after = await user.api.get<{ results_kept_from: null }>(`${path}?from=${keptFrom}`);
    expect([after.headers.get('results-kept-from'), after.body.results_kept_from]).toEqual([null, null]);
    await operations.updateOne(which, { $unset: { results_kept_from: 1 } });
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
