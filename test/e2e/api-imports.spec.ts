import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decode } from '@pladmed/warts';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Account, ApiWorld, type Operation, type Page } from '../support/api-world.js';
import { dnsResult, failedRun } from '../support/native-probe.js';
import { until } from '../support/until.js';

const FIXTURES = join(import.meta.dirname, '../../warts/test/fixtures/2026');
const IMPORTS = '/api/v1/imports';
const ABOUT_THE_FILE = ['list', 'cycle-start', 'cycle-definition', 'cycle-stop'];

interface Import {
  id: string;
  owner_id: string;
  state: string;
  name: string;
  records: number;
  stored: number;
  duplicates: number;
  refused: number;
  errors: { record: number | null; message: string }[];
  operation_ids: string[];
}
type Result = Record<string, unknown>;
type Body = string | FormData | Uint8Array<ArrayBuffer>;

/** What an export says of where and when it was stored; all else is the measurement. */
const OF_THE_STORE = [
  'id',
  'operation_id',
  'probe_id',
  'received_at',
  'import_id',
  'first_received_at',
  'raw_deleted_at',
];

describe('imports', () => {
  let world: ApiWorld;
  let folder: string;
  let user: Account;
  let stranger: Account;
  let ping: Buffer;
  const inbox = () => join(folder, 'in');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pladmed-import-files-'));
    await mkdir(inbox());
    world = await ApiWorld.start({ IMPORT_DIR: inbox(), IMPORT_MAX_MB: '1' });
    user = await world.account(1000);
    stranger = await world.account();
    ping = await readFile(join(FIXTURES, 'ping.warts'));
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const upload = (api: Account['api'], bytes: Uint8Array, query = '', type = 'application/octet-stream') =>
    api.send<Import>('POST', `${IMPORTS}${query}`, {
      raw: new Uint8Array(bytes),
      headers: { 'content-type': type },
    });
  const over = ({ api }: Pick<Account, 'api'>, id: string) =>
    until('the import is over', async () => {
      const { body } = await api.get<Import>(`${IMPORTS}/${id}`);
      return ['done', 'failed'].includes(body.state) ? body : undefined;
    });
  async function imported(account: Account, bytes: Uint8Array): Promise<Import> {
    const { status, body } = await upload(account.api, bytes);
    expect(status).toBe(202);
    return over(account, body.id);
  }

  it('takes a packed file of warts, once, and shows its results to their owner alone', async () => {
    const answer = await upload(user.api, gzipSync(ping), '?name=team-7.warts.gz');
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`${IMPORTS}/${answer.body.id}`);
    const job = await over(user, answer.body.id);
    const wanted = decode(ping).records.filter(({ type }) => !ABOUT_THE_FILE.includes(type));
    expect(job).toMatchObject({
      ...{ state: 'done', name: 'team-7.warts.gz', stored: wanted.length, refused: 0, errors: [] },
      owner_id: user.id,
    });
    const [operation = ''] = job.operation_ids;
    const results = await user.api.get<Page<Result>>(`/api/v1/operations/${operation}/results?view=json`);
    expect(results.body.items).toHaveLength(wanted.length);
    expect(results.body.items[0]).toMatchObject({ import_id: job.id, format: 'warts', outcome: 'stored' });
    expect(JSON.stringify(results.body.items[0]?.['decoded'])).toContain('"type":"ping"');
    expect((await stranger.api.get(`/api/v1/operations/${operation}/results`)).status).toBe(404);

    expect((await upload(user.api, gzipSync(ping))).body.id).toBe(job.id);
    // the same records in another file are there already
    expect(await imported(user, ping)).toMatchObject({ stored: 0, duplicates: wanted.length });
    expect((await stranger.api.get(`${IMPORTS}/${job.id}`)).status).toBe(404);
    expect((await stranger.api.get<Page<Import>>(IMPORTS)).body.items).toEqual([]);
    const seen = await world.superuser.get<Page<Import>>(`${IMPORTS}?limit=1`);
    expect(seen.body).toMatchObject({ items: [{ owner_id: user.id }], next: expect.any(String) as unknown });
    expect((await world.api.get(IMPORTS)).status).toBe(401);
  });

  it('takes every record type of scamper, and shows what it is', async () => {
    const types: string[] = [];
    const summarised: string[] = [];
    for (const name of ['trace', 'tracelb', 'dealias', 'host', 'owamp', 'other']) {
      const job = await imported(user, await readFile(join(FIXTURES, `${name}.warts`)));
      expect(job).toMatchObject({ state: 'done', errors: [] });
      for (const id of job.operation_ids) {
        const { body } = await user.api.get<Operation & { import_id: string }>(`/api/v1/operations/${id}`);
        expect(body).toMatchObject({ import_id: job.id, state: 'done', credits: 0 });
        const { items } = (
          await user.api.get<Page<{ decoded: { type: string }[]; summary: { type: string }[] }>>(
            `/api/v1/operations/${id}/results?view=json&limit=100`,
          )
        ).body;
        types.push(...items.flatMap(({ decoded }) => decoded.map(({ type }) => type)));
        summarised.push(...items.flatMap(({ summary }) => summary.map(({ type }) => type)));
        expect((await user.api.get(`/api/v1/operations/${id}/coverage`)).status).toBe(200);
        const series = await user.api.get(`/api/v1/operations/${id}/series`);
        expect(series.status).toBe(body.kind === 'warts' ? 404 : 200);
      }
    }
    const wanted = ['trace', 'tracelb', 'dealias', 'host', 'owamp', 'neighbourdisc', 'tbit', 'udpprobe'];
    // of http scamper's own sc_warts2json prints nothing
    expect(types).toEqual(expect.arrayContaining([...wanted, 'http']));
    expect(summarised).toEqual(expect.arrayContaining([...wanted, 'scamper-http']));
  });

  it('takes a form, and refuses with a reason what is none, too large or empty', async () => {
    const send = (body: Body, headers: Record<string, string> = {}) =>
      fetch(world.server.url + IMPORTS, {
        ...{ method: 'POST', body },
        headers: { authorization: `Bearer ${user.api.token ?? ''}`, ...headers },
      });
    const form = new FormData();
    form.append('note', 'ours');
    const routes = await readFile(join(FIXTURES, 'noroute.warts'));
    form.append('file', new Blob([new Uint8Array(routes)]), 'of-a-form.warts');
    const answer = await send(form);
    expect([answer.status, ((await answer.json()) as Import).name]).toEqual([202, 'of-a-form.warts']);
    const without = new FormData();
    without.append('note', 'ours');
    const large = new FormData();
    large.append('file', new Blob([new Uint8Array(1024 * 1024 + 1)]), 'large');
    const type = { 'content-type': 'multipart/form-data' };
    for (const [body, headers, status] of [
      [without, {}, 400],
      ['no form', type, 400],
      ['--x\r\nno form', { 'content-type': 'multipart/form-data; boundary=x' }, 400],
      ['', { 'content-type': 'application/octet-stream' }, 400],
      [new Uint8Array(1024 * 1024 + 1), { 'content-type': 'application/octet-stream' }, 413],
      [large, {}, 413],
    ] as [Body, Record<string, string>, number][]) {
      const refused = await send(body, headers);
      expect([refused.status, refused.headers.get('content-type')]).toEqual([
        status,
        expect.stringContaining('application/problem+json'),
      ]);
    }
    expect(
      (await readdir(join(world.server.dataDir, 'imports'))).filter((name) => name.endsWith('.part')),
    ).toEqual([]);
  });

  it('says what is wrong with a file, and keeps what comes before', async () => {
    const cut = await imported(stranger, ping.subarray(0, ping.length - 5));
    expect(cut.state).toBe('failed');
    expect(cut.stored).toBeGreaterThan(3);
    expect(cut.errors[0]).toMatchObject({
      record: null,
      message: expect.stringContaining('ends inside') as unknown,
    });
    const lines = await imported(stranger, Buffer.from('{"id":"x"}\nno JSON\n'));
    expect(lines).toMatchObject({ state: 'failed', stored: 0, refused: 2 });
    expect(lines.errors.map(({ record }) => record)).toEqual([null, 0, 1]);
    expect((await imported(stranger, Buffer.from('PNG'))).errors[0]?.message).toMatch(
      /neither warts nor JSON/,
    );
  });

  it('reads exports back: what is exported again is the same', async () => {
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const stop = new Date(Date.now() + 3_600_000).toISOString();
    const operation = await world.operation(user, [registered], {
      ...{ kind: 'dns', params: { fqdns: ['example.org'] } },
      schedule: { type: 'interval', every_s: 60, stop },
    });
    await probe.told(operation.id);
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    // a failed run comes first: what it is of only the others say
    await probe.failed([failedRun(operation.id, at(0))]);
    for (let n = 1; n < 5; n += 1) await probe.results([dnsResult(operation.id, at(n))]);

    const exported = async ({ api }: Account, id: string, format: string) =>
      (await api.get<Page<Result>>(`/api/v1/operations/${id}/results?format=${format}`)).text;
    const lines = await exported(user, operation.id, 'ndjson');
    // its owner has all of them
    expect(await imported(user, Buffer.from(lines))).toMatchObject({
      state: 'done',
      stored: 0,
      duplicates: 5,
    });
    const page = await imported(stranger, Buffer.from(await exported(user, operation.id, 'json')));
    expect(page).toMatchObject({ state: 'done', stored: 5, refused: 0 });
    // once, whatever the file is
    expect(await imported(stranger, gzipSync(lines))).toMatchObject({ stored: 0, duplicates: 5 });

    const measured = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Result)
        .map((result) =>
          Object.fromEntries(Object.entries(result).filter(([name]) => !OF_THE_STORE.includes(name))),
        );
    const [theirs = ''] = page.operation_ids;
    const again = measured(await exported(stranger, theirs, 'ndjson'));
    // nobody is asked or paid for it, and a summary has no raw bytes
    const expected = measured(lines).map((result): Result => ({ ...result, counted: false, raw_bytes: 0 }));
    expect(expected[1]?.['summary']).toEqual([expect.objectContaining({ rcode: 'NOERROR', rtt_ms: 12.5 })]);
    expect(again).toEqual(expected);
  });

  it('imports what is put into the folder, and moves it', async () => {
    const trace = await readFile(join(FIXTURES, 'trace.warts'));
    await writeFile(join(folder, 'trace.warts'), trace);
    await rename(join(folder, 'trace.warts'), join(inbox(), 'trace.warts'));
    await writeFile(join(inbox(), 'none.json'), 'not JSON');
    await until('both are moved', async () => (await readdir(inbox())).sort().join() === 'archive,failed');
    expect(await readdir(join(inbox(), 'archive'))).toEqual(['trace.warts']);
    expect((await readdir(join(inbox(), 'failed'))).sort()).toEqual(['none.json', 'none.json.reason.txt']);
    expect(await readFile(join(inbox(), 'failed', 'none.json.reason.txt'), 'utf8')).toMatch(
      /neither warts nor JSON/,
    );
    const { items } = (await world.superuser.get<Page<Import & { source: string }>>(IMPORTS)).body;
    const job = items.find(({ name }) => name === 'trace.warts');
    expect(job).toMatchObject({ state: 'done', source: 'folder', refused: 0 });
    expect(job?.stored).toBeGreaterThan(3);
  });
});
