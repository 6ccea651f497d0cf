import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { type Account, ApiWorld, type Operation, type Registered } from '../support/api-world.js';
import { CLOCK, type NativeProbe } from '../support/native-probe.js';
import { madePings } from '../support/pings.js';
import { until } from '../support/until.js';

type Members = Record<string, unknown>;
interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Members;
}
interface AtlasError {
  error: {
    status: number;
    code: number;
    title: string;
    detail: string;
    errors?: { source: { pointer?: string }; detail: string }[];
  };
}

const PING = { type: 'ping', af: 4, target: '192.0.2.1', description: 'here' };
const WW = { type: 'area', value: 'WW', requested: 38 };

/** A client of the stream. */
class Stream {
  readonly messages: [event: string, payload: Members][] = [];
  readonly texts: string[] = [];
  closedWith: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.texts.push(data.toString());
      this.messages.push(JSON.parse(data.toString()) as [string, Members]);
    });
    socket.on('close', (code) => (this.closedWith = code));
  }

  static async open(url: string, path = '/stream/?client=test'): Promise<Stream> {
    const stream = new Stream(new WebSocket(`${url.replace('http', 'ws')}${path}`));
    await new Promise((resolve, reject) => {
      stream.socket.once('open', resolve);
      stream.socket.once('error', reject);
    });
    return stream;
  }

  say(...message: unknown[]): void {
    this.socket.send(JSON.stringify(message));
  }

  of(event: string): Members[] {
    return this.messages.filter(([name]) => name === event).map(([, payload]) => payload);
  }

  close(): void {
    this.socket.terminate();
  }
}

describe('the Atlas door', () => {
  let world: ApiWorld;
  let user: Account;
  let key: string;
  let registered: Registered[];
  let numbers: number[];
  let probe: NativeProbe;
  const folder = mkdtempSync(join(tmpdir(), 'pladmed-atlas-'));

  beforeAll(async () => {
    await writeFile(join(folder, 'networks'), '203.0.113.0/24\t64500\n2001:db8::/32\t64501\n');
    world = await ApiWorld.start({ NETWORKS_FILE: join(folder, 'networks'), TRUST_PROXY: '1' });
    user = await world.account(1_000_000);
    key = await keyOf(user);
    registered = [
      await world.probe(user, { tags: ['nat'], country_code: 'NL', asn_v4: 3333 }),
      await world.probe(user),
    ];
    probe = await world.connect(registered[0]!);
    const { body } = await call('GET', '/probes/?sort=id');
    numbers = (body['results'] as { id: number }[]).map(({ id }) => id);
  });
  afterAll(async () => {
    await world.stop();
    rmSync(folder, { recursive: true });
  });

  async function keyOf(account: Account, scopes?: string[]): Promise<string> {
    const { status, body, text } = await account.api.post<{ key: string }>('/api/v1/users/me/keys', {
      name: 'x',
      scopes,
    });
    if (status !== 201) throw new Error(text);
    return body.key;
  }

  async function call(
    method: string,
    path: string,
    sent?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${world.server.url}/api/v2${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(key && { authorization: `Key ${key}` }), ...headers },
      ...(sent !== undefined && { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
    });
    const text = await response.text();
    let body: Members = {};
    try {
      body = JSON.parse(text) as Members;
    } catch {
      // txt, or nothing
    }
    return { status: response.status, headers: response.headers, text, body };
  }

  async function create(definition: object = {}, more: object = {}): Promise<number> {
    const body = { definitions: [{ ...PING, ...definition }], probes: [WW], is_oneoff: true, ...more };
    const answer = await call('POST', '/measurements/', body);
    expect([answer.status, answer.text]).toEqual([
      201,
      expect.stringMatching(/^\{"measurements":\[\d+\]\}$/),
    ]);
    return (answer.body['measurements'] as number[])[0]!;
  }

  async function operationOf(number: number): Promise<{ id: string; due: Date | undefined }> {
    const [operation] = await world.database
      .collection('operations')
      .find<{ _id: { toHexString: () => string }; schedule: { at?: Date; start?: Date } }>({ number })
      .toArray();
    const { at, start } = operation!.schedule;
    return { id: operation!._id.toHexString(), due: at ?? start };
  }

  /** The probe brings a result of a measurement: two packets, one lost. */
  async function bring(number: number, startedAt = new Date()): Promise<void> {
    const { id, due } = await operationOf(number);
    await probe.told(id);
    const answer = await probe.results([
      {
        ...{
          operation_id: id,
          scheduled_at: due!.toISOString(),
          started_at: startedAt.toISOString(),
          duration_ms: 900,
        },
        ...{
          clock: CLOCK,
          format: 'warts',
          content: madePings([{ sent: 2, answers: [{ packet: 0, rttUs: 1_500 }], userid: 1 }]),
        },
      },
    ]);
    expect(answer.items).toEqual([{ status: 'stored' }]);
  }

  const errorOf = ({ body }: Answer) => (body as unknown as AtlasError).error;

  it('makes measurements, shows them, and stops them', async () => {
    const balance = await world.balance(user);
    const number = await create(
      { interval: 60, tags: ['mine'] },
      { is_oneoff: false, stop_time: Math.floor(Date.now() / 1000) + 6_000 },
    );
    const { status, body } = await call('GET', `/measurements/${number}`);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        ...{
          id: number,
          type: 'ping',
          af: 4,
          description: 'here',
          target: '192.0.2.1',
          target_ip: '192.0.2.1',
        },
        ...{
          is_oneoff: false,
          is_public: true,
          interval: 60,
          packets: 3,
          size: 48,
          tags: ['mine'],
          participant_count: 1,
        },
        status: { id: 2, name: 'Ongoing', when: expect.any(Number) },
        creation_time: expect.any(Number),
        result: `${world.server.url}/api/v2/measurements/${number}/results/`,
      }),
    ]);
    expect(body).not.toHaveProperty('probes');
    expect(await world.balance(user)).toBeLessThan(balance);
    const withProbes = await call('GET', `/measurements/${number}/?fields=probes,status&defeatcaching=1`);
    expect(withProbes.body).toEqual({
      probes: [{ id: numbers[0], url: expect.stringContaining('/api/v2/probes/') }],
      status: expect.anything(),
    });
    const listed = await call(
      'GET',
      `/measurements/?id__in=${number}&status=2&type=ping&search=HERE&fields=target,url`,
    );
    expect(listed.body).toEqual({
      count: 1,
      next: null,
      previous: null,
      results: [{ id: number, target: '192.0.2.1' }],
    });
    expect((await call('POST', `/measurements/${number}/tags/`, { tag: 'more' })).status).toBe(201);
    expect((await call('DELETE', `/measurements/${number}/tags/mine`)).status).toBe(204);
    expect((await call('GET', `/measurements/?tags=more`)).body['count']).toBe(1);
    for (let time = 0; time < 2; time += 1)
      expect((await call('DELETE', `/measurements/${number}`)).status).toBe(204);
    expect((await call('GET', `/measurements/${number}/?fields=status`)).body).toMatchObject({
      status: { id: 4, name: 'Stopped' },
    });
    // a run at most was under way
    expect(await world.balance(user)).toBeGreaterThanOrEqual(balance - 1);
  });

  it('makes all of several measurements, or none', async () => {
    const count = async () => (await call('GET', '/measurements/my/?page_size=0')).body['count'];
    const [before, balance] = [await count(), await world.balance(user)];
    const definitions = [
      PING,
      { ...PING, type: 'traceroute' },
      {
        type: 'dns',
        af: 4,
        query_argument: 'nl',
        query_type: 'SOA',
        query_class: 'IN',
        use_probe_resolver: true,
      },
    ];
    const made = await call('POST', '/measurements', { definitions, probes: [WW], is_oneoff: true });
    expect(made.body['measurements']).toHaveLength(3);
    expect(await count()).toBe((before as number) + 3);
    const bad = await call('POST', '/measurements/', {
      definitions: [PING, { ...PING, af: 6 }, { ...PING, packets: 999 }],
      probes: [WW],
      is_oneoff: true,
    });
    expect([bad.status, errorOf(bad).errors?.map(({ source }) => source.pointer)]).toEqual([
      400,
      ['/definitions/1/target', '/definitions/2/packets'],
    ]);
    // the third is more than the account has left
    const dear = { ...PING, type: 'traceroute', interval: 1 };
    const refused = await call('POST', '/measurements/', {
      definitions: [PING, PING, dear],
      probes: [WW],
      is_oneoff: false,
      stop_time: Math.floor(Date.now() / 1000) + 900_000,
    });
    expect([refused.status, errorOf(refused).title]).toEqual([400, 'Bad Request']);
    expect(await count()).toBe((before as number) + 3);
    expect(await world.balance(user)).toBe(balance - 1 - 15 - 1);
  });

  it('lets probes come to a measurement that goes on, and leave it', async () => {
    const stop_time = Math.floor(Date.now() / 1000) + 6_000;
    const number = await create({ interval: 60 }, { is_oneoff: false, stop_time });
    const path = `/measurements/${number}/participation-requests`;
    const balance = await world.balance(user);
    const [here, other] = numbers;
    const add = { action: 'add', type: 'probes', value: String(other), requested: 1 };
    const added = await call('POST', path, [add, { ...add, value: `${here}` }]);
    expect([added.status, added.body]).toEqual([201, { request_ids: [1, 2] }]);
    expect((await call('GET', `/measurements/${number}/`)).body['participant_count']).toBe(2);
    const ofProbe = async (probe: number | undefined) =>
      (await call('GET', `/measurements/?id=${number}&current_probes=${probe}&page_size=0`)).body['count'];
    expect(await ofProbe(other)).toBe(1);
    const charged = await world.balance(user);
    expect(charged).toBeLessThan(balance);
    const remove = { action: 'remove', type: 'probes', value: `${other}`, requested: 1 };
    // again: what is not there any more is no error
    for (let time = 0; time < 2; time += 1)
      expect((await call('POST', `${path}/`, [remove])).status).toBe(201);
    expect(await world.balance(user)).toBeGreaterThan(charged);
    expect([await ofProbe(other), await ofProbe(here)]).toEqual([0, 1]);
    const wrong = await call('POST', path, [add, { action: 'x' }, { ...remove, type: 'area', value: 'WW' }]);
    expect([wrong.status, errorOf(wrong).errors?.map(({ source }) => source.pointer)]).toEqual([
      400,
      ['/1/action', '/1/type', '/2/type'],
    ]);
    // each at its own place, and what the source leads to as well
    for (const value of ['9999999', 'DE']) {
      const source = { action: 'add', type: value === 'DE' ? 'country' : 'probes', value, requested: 1 };
      const refused = await call('POST', path, [{ ...remove, value: `${here}` }, source]);
      expect([refused.status, errorOf(refused).errors?.[0]?.source.pointer]).toEqual([400, '/1']);
    }
    // and then none of them is carried out
    expect(await ofProbe(here)).toBe(1);
    expect(errorOf(await call('POST', path, [])).detail).toBe('the list must be a list of 1 to 100 objects');
    // of a measurement those are meant that are still in it
    const [same] = [await create({}, { probes: [{ type: 'msm', value: number, requested: -1 }] })];
    expect((await call('GET', `/measurements/${same}/?fields=probes`)).body['probes']).toMatchObject([
      { id: here },
    ]);
    // all that are there are in it
    expect((await call('POST', path, [{ action: 'add', ...WW }])).status).toBe(201);
    expect((await call('DELETE', `/measurements/${number}`)).status).toBe(204);
    expect(await ofProbe(here)).toBe(1);
  });

  it('shows what a definition says beside what is measured as it came', async () => {
    const given = { skip_dns_check: true, target_update_hours: 12, include_probe_id: false };
    const number = await create({ ...given, target: '203.0.113.80' });
    const { body } = await call('GET', `/measurements/${number}/`);
    expect(body).toMatchObject({ ...given, target_asn: 64_500, target_prefix: '203.0.113.0/24' });
  });

  it('shows a single run that is over as stopped once its owner stops it', async () => {
    const number = await create();
    await bring(number);
    const status = async () => (await call('GET', `/measurements/${number}/?fields=status`)).body['status'];
    expect(await status()).toMatchObject({ id: 2, name: 'Ongoing' });
    for (let time = 0; time < 2; time += 1)
      expect((await call('DELETE', `/measurements/${number}/`)).status).toBe(204);
    expect(await status()).toMatchObject({ id: 4, name: 'Stopped' });
  });

  it('chooses probes by sources', async () => {
    const probesOf = async (source: object) => {
      const number = await create({}, { probes: [source] });
      return (
        (await call('GET', `/measurements/${number}/?fields=probes`)).body['probes'] as { id: number }[]
      ).map(({ id }) => id);
    };
    for (const source of [
      { type: 'country', value: 'nl', requested: 5 },
      { type: 'region', value: 'western_europe', requested: 1 },
      { type: 'region', value: 'ripencc', requested: -1 },
      { type: 'asn', value: '3333', requested: 1 },
      {
        ...WW,
        tags: { include: ['NAT', 'system-ipv4-works', 'system-resolves-a-correctly'], exclude: ['system-x'] },
      },
    ])
      expect(await probesOf(source)).toEqual([numbers[0]]);
    expect((await probesOf({ type: 'probes', value: numbers.join(', '), requested: 2 })).sort()).toEqual(
      [...numbers].sort(),
    );
    for (const source of [
      { type: 'probes', value: '9999999', requested: 1 },
      { type: 'country', value: 'DE', requested: 1 },
      { ...WW, tags: { include: ['home'] } },
      { ...WW, tags: { exclude: ['nat'] } },
    ]) {
      const answer = await call('POST', '/measurements/', {
        definitions: [PING],
        probes: [source],
        is_oneoff: true,
      });
      expect([answer.status, errorOf(answer).errors?.[0]?.source.pointer]).toEqual([400, '/probes/0']);
    }
  });

  it('chooses nobody by a tag that is needed and left out', async () => {
    const source = { ...WW, tags: { exclude: ['system-ipv4-works'] } };
    const { status } = await call('POST', '/measurements', {
      ...{ definitions: [PING], probes: [source], is_oneoff: true },
    });
    expect(status).toBe(400);
  });

  it('asks for a key with 403, and reads what is public without one', async () => {
    const number = await create();
    const hidden = await create({ is_public: false });
    const own = key;
    const reading = await keyOf(user, ['measurements.read']);
    const stranger = await keyOf(await world.account());
    const statuses = async (method: string, path: string, sent?: unknown) => {
      const found: number[] = [];
      for (const each of ['', '11111111-2222-4333-8444-555555555555', reading, stranger]) {
        key = each;
        found.push((await call(method, path, sent)).status);
      }
      key = own;
      return found;
    };
    const body = { definitions: [PING], probes: [WW], is_oneoff: true };
    // a stranger has no credits
    expect(await statuses('POST', '/measurements/', body)).toEqual([403, 403, 403, 400]);
    expect(await statuses('DELETE', `/measurements/${number}/`)).toEqual([403, 403, 403, 403]);
    expect(await statuses('POST', `/measurements/${number}/tags`, {})).toEqual([403, 403, 403, 400]);
    expect(await statuses('POST', `/measurements/${number}/tags`, { tag: 'x' })).toEqual([
      403, 403, 403, 403,
    ]);
    expect(await statuses('GET', `/measurements/${number}/`)).toEqual([200, 200, 200, 200]);
    expect(await statuses('GET', `/measurements/${hidden}/latest/`)).toEqual([404, 404, 200, 404]);
    expect(await statuses('GET', '/measurements/my/')).toEqual([403, 403, 200, 200]);
    expect(await statuses('GET', '/credits/')).toEqual([403, 403, 403, 200]);
    key = '';
    expect((await call('GET', `/measurements/${hidden}/?key=${own}`)).status).toBe(200);
    key = own;
    expect((await call('GET', '/credits')).body).toMatchObject({
      current_balance: await world.balance(user),
      credit_checked: true,
    });
    expect((await call('GET', '/keys/')).text).not.toMatch(new RegExp(`${own}|[0-9a-f]{24}`));
  });

  it('words every error as Atlas does', async () => {
    const answers = await Promise.all([
      call('GET', '/nothing/here'),
      call('GET', '/measurements/12'),
      call('GET', '/measurements/abc/'),
      call('GET', '/probes/0'),
      call('POST', '/measurements/', '{"definitions":'),
      call('POST', '/measurements/', '[]'),
      call('PUT', '/measurements/'),
      call('POST', '/credits/transfers/', {}),
      call('POST', '/measurements/', `{"x":"${'x'.repeat(1_100_000)}"}`),
      call('POST', '/measurements/', {}),
      // what is no number is no path, whatever the method
      call('POST', '/measurements/ping/', {}),
      call('PUT', '/probes/rankings'),
      call('PUT', '/probes/1'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      ...[404, 404, 404, 404, 400, 400, 405, 404, 413, 400, 404, 404, 405],
    ]);
    for (const answer of answers) {
      expect(errorOf(answer)).toMatchObject({
        status: answer.status,
        code: expect.any(Number),
        title: expect.any(String),
        detail: expect.any(String),
      });
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(Object.keys(answer.body)).toEqual(['error']);
    }
  });

  it('lists by pages, whose addresses are those of the proxy', async () => {
    const proxied = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'atlas.example' };
    const { body } = await call('GET', '/probes/?page_size=1&sort=-id&status__in=0,1', undefined, proxied);
    expect(body).toMatchObject({
      count: 2,
      previous: null,
      results: [{ id: numbers[1], status: { id: 0, name: 'Never Connected' } }],
    });
    expect(body['next']).toMatch(/^https:\/\/atlas\.example\/api\/v2\/probes\/\?.*page=2/);
    const second = await call('GET', `/probes/${String(body['next']).split('/probes/')[1]}`);
    expect(second.body).toMatchObject({
      next: null,
      results: [
        {
          ...{ id: numbers[0], type: 'Probe', country_code: 'NL', asn_v4: 3333, is_anchor: false },
          ...{ status: { id: 1, name: 'Connected' }, geometry: { type: 'Point', coordinates: [1.5, -2] } },
        },
      ],
    });
    expect(
      (await call('GET', '/probes/?tags=NAT&country_code=NL&asn_v4=3333&fields=id')).body['results'],
    ).toEqual([{ id: numbers[0] }]);
    expect((await call('GET', '/probes?radius=-2,1.5:10&page_size=0')).body).toEqual({
      count: 2,
      next: null,
      previous: null,
      results: [],
    });
    expect((await call('GET', '/anchors')).body).toMatchObject({ count: 0, results: [] });
    expect(Object.keys((await call('GET', '/')).body)).toEqual([
      'measurements',
      'probes',
      'anchors',
      'credits',
      'keys',
    ]);
  });

  it('filters and sorts measurements by what it shows of them', async () => {
    // it can do neither IPv6 nor this kind, as far as is known: those that are named are taken all the same
    const named = { probes: [{ type: 'probes', value: `${numbers[1]}`, requested: 1 }] };
    const http = { type: 'http', af: 6, target: '2001:db8::80', port: 8080 };
    const query = { type: 'dns', af: 6, query_argument: 'asked.example', query_type: 'A' };
    const [ping, web, own, tcp, trace] = await Promise.all([
      create({ target: 'pinged.example' }),
      ...[http, { ...query, target: null, use_probe_resolver: true }].map((definition) =>
        create(definition, named),
      ),
      create({ ...query, af: 4, target: '192.0.2.53', protocol: 'TCP' }),
      create({ type: 'traceroute', target: '192.0.2.7' }),
    ]);
    const all = [ping, web, own, tcp, trace];
    const found = async (filters: string) => {
      const path = `/measurements/?id__in=${all.join(',')}&${filters}`;
      const { body } = await call('GET', path);
      return (body['results'] as { id: number }[]).map(({ id }) => id);
    };
    expect(await found('sort=-id')).toEqual([...all].sort((a, b) => b! - a!));
    for (const [filters, numbersFound] of [
      ['af=6', [web, own]],
      ['af=6&type=http', [web]],
      ['target=2001:db8::80', [web]],
      ['target__startswith=2001:DB8', [web]],
      ['target__contains=.example', [ping]],
      ['target__endswith=.53', [tcp]],
      ['protocol=UDP', [own, trace]],
      ['protocol=tcp', [tcp]],
    ] as const)
      expect([filters, new Set(await found(filters))]).toEqual([filters, new Set(numbersFound)]);
    expect(new Set((await found('sort=af')).slice(-2))).toEqual(new Set([web, own]));
    const { start_time } = (await call('GET', `/measurements/${ping}/`)).body as { start_time: number };
    expect(await found(`start_time__gte=${start_time}&start_time__lte=${start_time}`)).toContain(ping);
    expect(await found(`start_time__gt=${start_time}`)).not.toContain(ping);
    // it was stopped before its schedule ends
    const stop_time = Math.floor(Date.now() / 1000) + 6_000;
    all.push(await create({ interval: 60 }, { is_oneoff: false, stop_time }));
    expect(await found(`stop_time__gte=${stop_time}`)).toEqual([all.at(-1)]);
    await call('DELETE', `/measurements/${all.at(-1)}`);
    expect(await found(`stop_time__gte=${stop_time}`)).toEqual([]);
    // without a filter that cannot be read the answer would be about something else
    for (const [path, name] of [
      ...['id__in=1,x', 'af=5', 'protocol=x', 'interval=x', 'id__gt=x', 'stop_time__lt=x', 'is_oneoff=x'].map(
        (query) => [`/measurements/?${query}`, query.split('=')[0]],
      ),
      ...['asn=AS1', 'radius=95,1:2', 'radius=x', 'latitude__gte=x', 'is_anchor=x', 'id__in=x'].map(
        (query) => [`/probes/?${query}`, query.split('=')[0]],
      ),
      [`/measurements/${ping}/results/?probe_ids=x`, 'probe_ids'],
    ]) {
      const refused = await call('GET', path!);
      expect([refused.status, errorOf(refused).errors?.[0]?.source]).toEqual([400, { parameter: name }]);
    }
    for (const method of ['GET', 'POST'])
      for (const path of ['/measurements/groups/', '/probes/tags/'])
        expect((await call(method, path, method === 'POST' ? {} : undefined)).status).toBe(404);
  });

  it('shows results by the time of the probe, as an array or line by line', async () => {
    const number = await create();
    const path = `/measurements/${number}`;
    expect((await call('GET', `${path}/results/`)).text).toBe('[]');
    // a probe whose clock is wrong
    await bring(number, new Date('2011-11-21T10:00:00.500Z'));
    const results = async (query: string) =>
      (await call('GET', `${path}/results${query}`)).body as unknown as Members[];
    const [ping] = await results('');
    expect(ping).toMatchObject({
      ...{
        fw: 5080,
        type: 'ping',
        msm_id: number,
        prb_id: numbers[0],
        timestamp: 1321869600,
        from: '',
        lts: 8,
        mver: 'pladmed-0.0.1-test',
      },
      ...{
        sent: 2,
        rcvd: 1,
        min: 1.5,
        avg: 1.5,
        max: 1.5,
        proto: 'ICMP',
        dst_name: '192.0.2.1',
        result: [{ rtt: 1.5 }, { x: '*' }],
      },
    });
    expect(await results('?start=1321869600&stop=1321869600')).toHaveLength(1);
    expect(await results('?start=1321869601')).toEqual([]);
    expect(await results(`?probe_ids=${numbers[0]},77`)).toHaveLength(1);
    expect(await results('?probe_ids=77')).toEqual([]);
    const { text } = await call('GET', `${path}/latest?format=txt`);
    expect(text).toBe(`${JSON.stringify(ping)}\n`);
    expect((await call('GET', `${path}/status-check/`)).body).toEqual({
      ...{ global_alert: false, total_alerts: 0 },
      probes: { [String(numbers[0])]: { alert: false, last: 1.5, last_packet_loss: 50, source: '' } },
    });
    const native = await user.api.get(
      `/api/v1/results?format=atlas&operation=${(await operationOf(number)).id}`,
    );
    expect([native.status, native.text]).toEqual([200, (await call('GET', `${path}/results/`)).text]);
    expect((await call('GET', `${path}/results/?start=x`)).status).toBe(400);
    expect((await call('GET', `${path}/results/?format=xml`)).status).toBe(400);
  });

  it('streams: what is there, then what comes, each once', async () => {
    const number = await create({ interval: 3600 }, { is_oneoff: false });
    await bring(number);
    const stream = await Stream.open(world.server.url);
    const wanted = { stream_type: 'result', msm: number, sendBacklog: true };
    stream.say('atlas_subscribe', wanted);
    await until('the backlog', () => stream.of('atlas_backlog_sent')[0]);
    expect(stream.messages.map(([event]) => event)).toEqual([
      'atlas_subscribed',
      'atlas_result',
      'atlas_backlog_sent',
    ]);
    expect(stream.of('atlas_subscribed')).toEqual([wanted]);
    const shown = (await call('GET', `/measurements/${number}/results/`)).body as unknown as Members[];
    expect(stream.of('atlas_result')).toEqual(shown);
    expect(stream.texts.every((text) => /^\["atlas_\w+",\{/.test(text) && text.length >= 22)).toBe(true);
    const other = await Stream.open(world.server.url, '/stream');
    other.say('atlas_subscribe', { streamType: 'result', msm: String(number) });
    other.say('atlas_subscribe', { stream_type: 'probestatus', enrichProbes: true });
    await until('both subscriptions', () => other.of('atlas_subscribed').length === 2);
    const second = await world.connect(registered[1]!);
    const [status] = await until('a probe that comes', () =>
      other.of('atlas_probestatus').length > 0 ? other.of('atlas_probestatus') : undefined,
    );
    expect(status).toMatchObject({
      prb_id: numbers[1],
      type: 'connection',
      event: 'connect',
      probe: { id: numbers[1], status: { name: 'Connected' } },
    });
    second.close();
    for (const message of [
      'no json',
      '{}',
      '["x",{}]',
      '["atlas_subscribe",{"stream_type":"result","msm":77}]',
      '["atlas_subscribe",{}]',
      `["atlas_subscribe",{"stream_type":"result","msm":${number},"type":"x"}]`,
    ])
      other.socket.send(message);
    await until('six errors', () => other.of('atlas_error').length === 6);
    expect(other.of('atlas_error').every(({ detail }) => typeof detail === 'string')).toBe(true);
    stream.say('atlas_unsubscribe', wanted);
    await until('the end of a subscription', () => stream.of('atlas_unsubscribed')[0]);
    stream.close();
    other.close();
  });

  it('streams the statuses of one measurement, or of all that are public', async () => {
    const stream = await Stream.open(world.server.url);
    const hidden = await create({ interval: 60, is_public: false }, { is_oneoff: false });
    const number = await create({ interval: 60 }, { is_oneoff: false });
    stream.say('atlas_subscribe', { stream_type: 'metadata', msm: number });
    stream.say('atlas_subscribe', { stream_type: 'metadata' });
    await until('both subscriptions', () => stream.of('atlas_subscribed').length === 2);
    for (const each of [hidden, number]) await call('DELETE', `/measurements/${each}/`);
    const stopped = await until('the end of it, by both', () => {
      const said = stream
        .of('atlas_metadata')
        .filter(({ id, status }) => id === number && (status as Members)['id'] === 4);
      return said.length === 2 ? said : undefined;
    });
    expect(stream.of('atlas_metadata').map(({ id }) => id)).not.toContain(hidden);
    const status = { id: 4, name: 'Stopped', when: expect.any(Number) };
    expect(stopped).toEqual([
      { id: number, status },
      { id: number, status },
    ]);
    stream.close();
  });

  it('bounds the subscriptions of a connection, one of which may be made anew', async () => {
    const stream = await Stream.open(world.server.url);
    const number = await create({ interval: 60 }, { is_oneoff: false });
    const wanted = (prb: number) => ({ stream_type: 'result', msm: number, prb });
    for (let prb = 1; prb <= 101; prb += 1) stream.say('atlas_subscribe', wanted(prb));
    await until('the one too many', () => stream.of('atlas_error').length === 1);
    await until('the others', () => stream.of('atlas_subscribed').length === 100);
    stream.say('atlas_subscribe', wanted(1));
    await until('one anew', () => stream.of('atlas_subscribed').length === 101);
    expect(stream.of('atlas_error')).toHaveLength(1);
    stream.close();
  });

  it('answers whatever is asked for without an error of its own', async () => {
    const scalar = fc.oneof(
      fc.integer(),
      fc.string({ maxLength: 10 }),
      fc.boolean(),
      fc.constant(null),
      fc.constant([]),
      fc.constant({}),
    );
    const member = fc.constantFrom(
      'type',
      'af',
      'target',
      'packets',
      'size',
      'protocol',
      'interval',
      'spread',
      'tags',
      'query_argument',
      'query_type',
      'path',
      'port',
    );
    const definition = fc
      .tuple(
        fc.constantFrom('ping', 'traceroute', 'dns', 'http', 'sslcert', 'ntp'),
        fc.dictionary(member, scalar, { maxKeys: 3 }),
      )
      .map(([type, members]): Members => ({ ...PING, type, query_argument: 'nl', ...members }));
    const source = fc
      .dictionary(fc.constantFrom('type', 'value', 'requested', 'tags'), scalar, { maxKeys: 2 })
      .map((members): Members => ({ ...WW, ...members }));
    const body = fc.record({
      definitions: fc.array(definition, { minLength: 1, maxLength: 2 }),
      probes: fc.array(source, { minLength: 1, maxLength: 2 }),
      is_oneoff: fc.constant(true),
      start_time: fc.option(scalar, { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(body, async (asked) => {
        const answer = await call('POST', '/measurements/', asked);
        if (answer.status === 201) return;
        expect([answer.status, errorOf(answer).status]).toEqual([400, 400]);
      }),
      { numRuns: 60 },
    );
  });

  it('tells the owner alone where a probe has come from, and everybody whose network that is', async () => {
    const away = await world.probe(user);
    const own = await world.connect(away, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    const shown = async (by: string) => {
      const { body } = await call('GET', `/probes/${away.number}/`, undefined, {
        authorization: `Key ${by}`,
      });
      return body;
    };
    const found = await until('its network is known', async () => {
      const body = await shown(key);
      return body['asn_v4'] === 64_500 ? body : undefined;
    });
    expect(found).toMatchObject({
      ...{ prefix_v4: '203.0.113.0/24', address_v4: '203.0.113.9', address_v6: null, asn_v6: null },
    });
    expect(await shown(await keyOf(await world.account()))).toMatchObject({
      asn_v4: 64_500,
      address_v4: null,
    });
    expect((await call('GET', '/probes/?asn_v4=64500&fields=id')).body['count']).toBe(1);
    expect((await user.api.get(`/api/v1/probes/${away.id}`)).text).not.toContain('203.0.113.9');
    own.close();
    await until('its address is forgotten', async () => (await shown(key))['address_v4'] === null);
  });

  it('bounds the streams of an address, and outlives clients that hang up at once', async () => {
    const knocked = await Promise.all(Array.from({ length: 200 }, () => knock('/stream/', '203.0.113.7')));
    expect(new Set(knocked.map(({ status }) => status))).toEqual(new Set([101]));
    expect((await knock('/stream/', '203.0.113.7')).status).toBe(503);
    expect((await knock('/stream/', '203.0.113.8')).status).toBe(101);
    for (let round = 0; round < 20; round += 1)
      for (const path of ['/stream/', '/nothing', '/socket.io/?EIO=9'])
        await knock(path, '203.0.113.7', true);
    for (const { socket } of knocked) socket.destroy();
    await until('their places are free', async () => (await knock('/stream/', '203.0.113.7')).status === 101);
    expect((await call('GET', '/')).status).toBe(200);
  });

  /** Asks for a WebSocket. @param isBrief the connection is reset behind the request @returns status 0: none came */
  async function knock(path: string, address: string, isBrief = false) {
    const { hostname, port } = new URL(world.server.url);
    const socket = connect(Number(port), hostname);
    const heard = Promise.race([once(socket, 'data'), once(socket, 'close')]) as Promise<[Buffer | boolean]>;
    heard.catch(() => undefined);
    await once(socket, 'connect');
    const headers = [
      ...[`GET ${path} HTTP/1.1`, 'Host: pladmed', `X-Forwarded-For: ${address}`, 'Upgrade: websocket'],
      ...['Connection: Upgrade', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${'A'.repeat(22)}==`],
    ];
    socket.write(`${headers.join('\r\n')}\r\n\r\n`);
    if (isBrief) socket.resetAndDestroy();
    const [data] = await heard;
    return { socket, status: Number(/^HTTP\S+ (\d+)/.exec(String(data))?.[1] ?? 0) };
  }

  it('is not there where the operator leaves it out', async () => {
    const without = await ApiWorld.start({ DOORS: 'none' });
    try {
      const response = await fetch(`${without.server.url}/api/v2/probes/`);
      expect([response.status, response.headers.get('content-type')]).toEqual([
        404,
        expect.stringMatching('problem'),
      ]);
      await expect(Stream.open(without.server.url)).rejects.toThrow();
    } finally {
      await without.stop();
    }
  });

  it('shows operations that were made elsewhere', async () => {
    const operation = await world.operation(user, [registered[0]!], {
      params: { fqdns: ['a.example'], ipv6: '' },
    });
    const { number } = operation as Operation & { number: number };
    expect((await call('GET', `/measurements/${number}/`)).body).toMatchObject({
      type: 'ping',
      target: 'a.example',
      target_ip: null,
      af: 6,
    });
  });

  it('says good-bye when the server ends', async () => {
    const stream = await Stream.open(world.server.url);
    stream.say('atlas_subscribe', { stream_type: 'probestatus' });
    await until('the subscription', () => stream.of('atlas_subscribed')[0]);
    await world.server.stop();
    await until('the end', () => stream.closedWith);
    expect(stream.closedWith).toBe(1001);
  });
});
