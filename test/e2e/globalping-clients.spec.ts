import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type Account, ApiWorld, type Operation, type Registered } from '../support/api-world.js';
import { FakeGlobalpingProbe, PING } from '../support/globalping-probe.js';
import { dnsResult, failedRun, type NativeProbe, pingResult } from '../support/native-probe.js';
import { until } from '../support/until.js';

interface Answer<T> {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  body: T;
}

interface Measurement {
  id: string;
  status: string;
  probesCount: number;
  results: { probe: Record<string, unknown>; result: Record<string, unknown> }[];
}

interface Failure {
  error: { type: string; message: string; params?: Record<string, string> };
}

/** Past fetch, which unpacks and keeps headers from being sent as they are. */
async function ask<T>(
  url: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: unknown; headers?: object } = {},
): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: { ...headers }, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        const coding = response.headers['content-encoding'];
        const plain =
          coding === 'br' ? brotliDecompressSync(bytes) : coding === 'gzip' ? gunzipSync(bytes) : bytes;
        const isJson = response.headers['content-type']?.startsWith('application/json') === true;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          body: (isJson ? JSON.parse(plain.toString()) : {}) as T,
        });
      });
    });
    request.on('error', reject);
    request.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  });
}

describe("the door for Globalping's clients", () => {
  let world: ApiWorld;
  let user: Account;
  const probes: (Registered & { link: NativeProbe })[] = [];

  beforeAll(async () => {
    world = await ApiWorld.start({ GLOBALPING_TESTS_PER_HOUR: '60' });
    user = await world.account(1_000);
    // Buenos Aires; Montevideo
    for (const location of [
      { longitude: -58.4, latitude: -34.6 },
      { longitude: -56.2, latitude: -34.9 },
    ]) {
      const probe = await world.probe(user, { location, tags: ['gp-bar'] });
      probes.push({ ...probe, link: await world.connect(probe) });
    }
  });
  afterAll(() => world.stop());

  const token = () => ({ authorization: `Bearer ${user.api.token}` });
  const url = (path: string) => `${world.server.url}${path}`;
  const post = <T = { id: string; probesCount: number }>(body: unknown, headers: object = token()) =>
    ask<T>(url('/v1/measurements'), { method: 'POST', body, headers });
  const get = (id: string, headers: object = {}) =>
    ask<Measurement>(url(`/v1/measurements/${id}`), { headers });
  const refusal = async (body: unknown, headers?: object) => post<Failure>(body, headers);

  it('makes an operation of a measurement, and shows what it brings', async () => {
    const { status, headers, body } = await post({
      type: 'PING',
      target: '8.8.8.8',
      limit: 2,
      locations: [{ magic: 'south america' }],
      inProgressUpdates: true,
    });
    expect(status).toBe(202);
    expect(body.probesCount).toBe(2);
    expect(body.id).toMatch(/^[A-Za-z0-9]{20,}$/);
    expect(headers).toMatchObject({
      location: url(`/v1/measurements/${body.id}`),
      'x-request-cost': '2',
      'x-credits-consumed': '2',
      'x-credits-remaining': '998',
      'x-ratelimit-limit': '60',
      'x-ratelimit-consumed': '2',
      'x-ratelimit-remaining': '58',
      'access-control-allow-origin': '*',
    });
    expect(await world.balance(user)).toBe(998);
    const id = String(headers['pladmed-operation']);
    const { body: operation } = await user.api.get<Operation>(`/api/v1/operations/${id}`);
    expect(operation).toMatchObject({
      kind: 'ping',
      schedule: { type: 'once' },
      credits: 2,
      visibility: 'private',
    });

    const begun = await get(body.id);
    expect(begun.body).toMatchObject({
      type: 'ping',
      status: 'in-progress',
      target: '8.8.8.8',
      limit: 2,
      locations: [{ magic: 'south america' }],
      probesCount: 2,
    });
    expect(begun.body.results.map(({ result }) => result)).toEqual([
      { status: 'in-progress', rawOutput: '' },
      { status: 'in-progress', rawOutput: '' },
    ]);
    expect(begun.body.results.map(({ probe }) => probe['country']).sort()).toEqual(['AR', 'UY']);
    expect(begun.body.results[0]?.probe).toMatchObject({
      ...{ continent: 'SA', region: 'South America', state: null, asn: expect.any(Number) },
      ...{ tags: ['gp-bar'], resolvers: [], network: expect.any(String), city: expect.any(String) },
    });
    expect(begun.headers['cache-control']).toBe('public, max-age=0');
    const etag = String(begun.headers.etag);
    expect(etag).toMatch(/^W\/"/);
    const same = await get(body.id, { 'if-none-match': etag });
    expect([same.status, same.bytes.length]).toEqual([304, 0]);

    const at = operation.schedule.at ?? '';
    const [one, other] = probes;
    await one?.link.told(id);
    expect((await one?.link.results([pingResult(id, at)]))?.items).toEqual([{ status: 'stored' }]);
    const half = await until('the first result', async () => {
      const found = await get(body.id, { 'if-none-match': etag, 'accept-encoding': 'br' });
      return found.status === 200 ? found : undefined;
    });
    expect(half.headers['content-encoding']).toBe('br');
    expect(half.body.status).toBe('in-progress');
    const finished = half.body.results
      .map(({ result }) => result)
      .find((each) => each['status'] === 'finished');
    // what scamper wrote: warts-sample.ts
    expect(finished).toMatchObject({
      rawOutput: expect.stringMatching(
        /^PING 8\.8\.8\.8 \([^)]+\) \d+\(\d+\) bytes of data\.\n\d+ bytes from /,
      ),
      stats: { total: expect.any(Number), rcv: expect.any(Number), loss: expect.any(Number) },
    });
    await other?.link.told(id);
    await other?.link.failed([failedRun(id, at, { reason: 'unresolved', detail: 'no such name' })]);
    const over = await until('the end', async () => {
      const found = await get(body.id, { 'accept-encoding': 'gzip' });
      return found.body.status === 'finished' ? found : undefined;
    });
    expect(over.headers['content-encoding']).toBe('gzip');
    expect(over.body.results.map(({ result }) => [result['status'], result['failureSource']]).sort()).toEqual(
      [
        ['failed', 'resolver'],
        ['finished', undefined],
      ],
    );
  });

  it('shows a look-up in the form of the clients', async () => {
    const { headers, body } = await post({
      type: 'dns',
      target: 'example.org',
      locations: [{ country: 'ar' }],
    });
    const id = String(headers['pladmed-operation']);
    const [one] = probes;
    const at = String((await one?.link.told(id))?.schedule['at']);
    await one?.link.results([dnsResult(id, at)]);
    const over = await until('the end', async () => {
      const found = await get(body.id);
      return found.body.status === 'finished' ? found.body : undefined;
    });
    expect(over.results[0]?.result).toMatchObject({
      status: 'finished',
      statusCode: 0,
      statusCodeName: 'NOERROR',
      resolver: 'private',
      answers: [{ name: 'example.org.', type: 'A', ttl: 60, class: 'IN', value: '192.0.2.1' }],
      timings: { total: 13 },
    });
  });

  it('takes an earlier measurement for its probes, as a text and as a single magic; those away are offline', async () => {
    const first = await post({ type: 'ping', target: '1.1.1.1', limit: 2, locations: [{ magic: 'world' }] });
    const order = (await get(first.body.id)).body.results.map(({ probe }) => probe['country']);
    for (const locations of [first.body.id, [{ magic: first.body.id }]]) {
      const again = await post({ type: 'ping', target: '1.1.1.1', locations });
      expect([again.status, again.body.probesCount]).toEqual([202, 2]);
      const { body } = await get(again.body.id);
      expect(body.results.map(({ probe }) => probe['country'])).toEqual(order);
    }
    const away = await world.probe(user, { location: { longitude: 2.3, latitude: 48.8 } });
    const link = await world.connect(away);
    const paris = await post({ type: 'ping', target: '1.1.1.1', locations: [{ magic: 'france' }] });
    expect(paris.status).toBe(202);
    link.close();
    await until('it is gone', async () => {
      const { body } = await ask<unknown[]>(url('/v1/probes'));
      return body.length === 2 ? true : undefined;
    });
    const before = await world.balance(user);
    const again = await post({ type: 'ping', target: '1.1.1.1', locations: paris.body.id });
    expect(again.headers['pladmed-operation']).toBeUndefined();
    expect((await get(again.body.id)).body).toMatchObject({
      status: 'finished',
      results: [{ probe: { country: 'FR' }, result: { status: 'offline', rawOutput: expect.any(String) } }],
    });
    expect(await world.balance(user)).toBe(before);
  });

  it('ends tests without a result when their time is over', async () => {
    const { headers, body } = await post({
      type: 'ping',
      target: '1.1.1.1',
      timeout: 5,
      locations: [{ magic: 'ar' }],
    });
    await world.database
      .collection('shares')
      .updateOne({ _id: body.id as never }, { $set: { deadline: new Date(Date.now() - 60_000) } });
    // the server that knew it is gone
    const { body: over } = await get(body.id);
    expect(over).toMatchObject({
      status: 'finished',
      results: [{ result: { status: 'failed', failureSource: 'internal' } }],
    });
    // what comes after the end is stored, and not shown here
    const id = String(headers['pladmed-operation']);
    const [one] = probes;
    const at = String((await one?.link.told(id))?.schedule['at']);
    await one?.link.results([pingResult(id, at)]);
    expect((await get(body.id)).body.results[0]?.result['status']).toBe('failed');
  });

  it("asks a probe of Globalping in the client's words, and shows its output as it comes", async () => {
    const place = { country: 'FR', city: 'Paris', asn: 64500, network: 'Example Networks' };
    const { token: own } = await world.probe(user, { location: { longitude: 2.3, latitude: 48.8 }, place });
    const probe = await FakeGlobalpingProbe.connect(world.server.url, own, { answer: () => undefined });
    expect(
      await until('its place', () => probe.told.find(([event]) => event === 'api:connect:location')),
    ).toEqual([
      'api:connect:location',
      {
        ...{ continent: 'EU', region: 'Western Europe', state: null, latitude: 48.8, longitude: 2.3 },
        ...place,
      },
    ]);
    const locations = [{ magic: 'example networks+paris' }];
    const wanted = { type: 'ping', target: 'example.org', timeout: 30, locations };
    const silent = await until('it is ready', async () => {
      const made = await post({ ...wanted, measurementOptions: { packets: 16 } });
      return made.status === 202 ? made.body.id : undefined;
    });
    // else it pings a name that has a private address; what nobody asked for is shown to nobody
    const [first] = await probe.asked();
    expect(first?.measurement).toEqual({
      ...{ type: 'ping', target: 'example.org', timeout: 30, ipVersion: 4, inProgressUpdates: true },
      ...{ packets: 16, protocol: 'ICMP', port: 80 },
    });
    const loud = (await post({ ...wanted, inProgressUpdates: true })).body.id;
    // its output counts once the server has let it begin
    const [, second] = await until('both are begun', () => probe.begun.length === 2 && probe.begun);
    if (first === undefined || second === undefined) throw new Error('it was not asked');
    const say = ({ measurementId, testId }: typeof first, rawOutput: string, overwrite: boolean) => {
      const progress = { measurementId, testId, overwrite, result: { rawOutput } };
      probe.socket.emit('probe:measurement:progress', progress);
    };
    // nobody has read it yet
    say(first, 'unasked', false);
    let soFar = '';
    for (const line of ['one\n', 'two']) {
      say(second, line, false);
      soFar += line;
      await until('its output', async () => {
        const { body } = await get(loud);
        // one that reads too fast is told so
        return body.status === 'in-progress' && body.results[0]?.result['rawOutput'] === soFar;
      });
    }
    expect((await get(silent)).body.results[0]?.result['rawOutput']).toBe('');
    const cannot = {
      ...{ status: 'failed', failureSource: 'internal', resolvedAddress: null },
      rawOutput: 'ping: example.org: Name or service not known\n\nand more',
    };
    probe.result(first, cannot);
    probe.result(second, PING);
    for (const [id, result] of [
      [silent, cannot],
      [loud, PING],
    ] as const) {
      const over = await until('the end', async () => {
        const { body } = await get(id);
        return body.status === 'finished' ? body : undefined;
      });
      expect(over.results[0]?.result).toEqual(result);
      expect(over.results[0]?.probe).toMatchObject(place);
    }
    probe.close();
    await until('it is gone', async () => {
      const { body } = await ask<unknown[]>(url('/v1/probes'));
      return body.length === 2 ? true : undefined;
    });
  });

  it('says what is wrong in the form of the clients, and nothing beside it', async () => {
    const wrong = await refusal({ type: 'ping', target: '127.0.0.1', measurementOptions: { packets: 99 } });
    expect(wrong.status).toBe(400);
    expect(wrong.body).toEqual({
      error: {
        type: 'validation_error',
        message: expect.any(String),
        params: { target: expect.any(String), 'measurementOptions.packets': expect.any(String) },
      },
    });
    const cases: [Promise<Answer<Failure>>, number, string][] = [
      [refusal({ type: 'ping', target: '1.1.1.1' }, {}), 401, 'unauthorized'],
      [
        refusal({ type: 'ping', target: '1.1.1.1' }, { authorization: 'Bearer nonsense' }),
        401,
        'unauthorized',
      ],
      [refusal('{"type": '), 400, 'validation_error'],
      [refusal({ type: 'ping', target: 'x'.repeat(200_000) }), 413, 'body_too_large'],
      [refusal(`${'['.repeat(40)}${']'.repeat(40)}`), 400, 'validation_error'],
      [refusal(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`), 400, 'validation_error'],
      [refusal('{}', { ...token(), 'content-encoding': 'what' }), 400, 'validation_error'],
      [
        refusal({ type: 'ping', target: '1.1.1.1', locations: [{ magic: 'nowhere' }] }),
        422,
        'no_probes_found',
      ],
      [
        refusal({ type: 'ping', target: 'a.org', measurementOptions: { ipVersion: 6 } }),
        422,
        'no_probes_found',
      ],
      [refusal({ type: 'ping', target: '1.1.1.1', locations: 'x'.repeat(24) }), 422, 'no_probes_found'],
      [
        ask(url('/v1/measurements/AAAAAAAAAAAAAAAAAAAAAAAA'), { headers: { 'accept-encoding': 'br' } }),
        404,
        'not_found',
      ],
      [ask(url('/v1/measurements/..%2f')), 404, 'not_found'],
      [ask(url('/v1/nothing')), 404, 'not_found'],
      [ask(url('/v1/measurements'), { method: 'PUT' }), 405, 'method_not_allowed'],
      [ask(url('/v1/limits')), 401, 'unauthorized'],
    ];
    for (const [answer, status, type] of cases) {
      const { status: found, headers, body } = await answer;
      expect([found, body.error.type]).toEqual([status, type]);
      expect(Object.keys(body)).toEqual(['error']);
      expect(headers['content-type']).toContain('application/json');
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBe('*');
    }
  });

  it('says the bound of a body', async () => {
    const { body } = await refusal({ type: 'ping', target: 'x'.repeat(200_000) });
    expect(body.error.message).toBe('The body may be 100 KB at most.');
  });

  it('counts tests by the hour, and credits', async () => {
    const poor = await world.account(1);
    const bearer = { authorization: `Bearer ${poor.api.token}` };
    const trace = { type: 'traceroute', target: '1.1.1.1', locations: [{ magic: 'ar' }] };
    const unpaid = await refusal(trace, bearer);
    expect([unpaid.status, unpaid.body.error.type]).toEqual([429, 'insufficient_credits']);
    expect(unpaid.headers).toMatchObject({
      'x-request-cost': '15',
      'x-credits-consumed': '0',
      'x-credits-remaining': '1',
      'x-ratelimit-remaining': '0',
    });
    const limits = () => ask<object>(url('/v1/limits'), { headers: bearer });
    expect((await limits()).body).toEqual({
      rateLimit: {
        measurements: { create: { type: 'user', limit: 60, remaining: 60, reset: expect.any(Number) } },
      },
      credits: { remaining: 1 },
    });
    const earlier = await post({
      type: 'ping',
      target: '1.1.1.1',
      limit: 2,
      locations: [{ magic: 'world' }],
    });
    let found = earlier as Answer<unknown>;
    for (let count = 0; count < 40 && found.status === 202; count += 1)
      found = await post({ type: 'ping', target: '1.1.1.1', locations: earlier.body.id });
    expect(found.body).toMatchObject({ error: { type: 'rate_limit_exceeded' } });
    expect(found.headers).toMatchObject({ 'x-ratelimit-consumed': '0', 'retry-after': expect.any(String) });
  });

  it('lets nobody read a measurement faster than twice a second, but five times in two', async () => {
    const id = 'B'.repeat(24);
    const answers = await Promise.all(Array.from({ length: 30 }, () => get(id)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 404).length).toBeGreaterThanOrEqual(5);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  it('lists probes, and says where the document is', async () => {
    const { body } = await ask<Record<string, unknown>[]>(url('/v1/probes'));
    expect(body).toHaveLength(2);
    expect(body[0]).toEqual({
      version: '0.0.1-test',
      location: {
        ...{ continent: 'SA', region: 'South America', country: expect.any(String), state: null },
        ...{ city: expect.any(String), asn: expect.any(Number), network: expect.any(String) },
        ...{ latitude: expect.any(Number), longitude: expect.any(Number) },
      },
      tags: ['gp-bar'],
      resolvers: [],
    });
    const spec = await ask(url('/v1/spec.yaml'));
    expect([spec.status, spec.headers.location]).toEqual([302, '/docs/openapi.yaml']);
  });

  it('is not upset by any body', async () => {
    const bodies = [
      ...['[]', 'null', '1', '"x"', '{}', '{"__proto__": {}}', '{"type": {"toLowerCase": 1}}', '\u0000', ''],
      { type: 'ping', target: { a: 1 }, locations: { length: 1e9 } },
      {
        type: 'http',
        target: 'a.org',
        measurementOptions: { request: { headers: { 'x\r\ny': 'z' }, path: '\u0000' } },
      },
      { type: 'dns', target: '.', measurementOptions: { query: { type: ['A'] }, resolver: 5, port: 1e99 } },
      {
        type: 'mtr',
        target: '1.1.1.1',
        locations: [{ magic: '('.repeat(128) }, { magic: '+++' }, { asn: -1 }],
      },
      { type: 'ping', target: '1.1.1.1', locations: [{ magic: '\\u{0}$&*' }] },
      { type: 'ping', target: 'a..org', limit: 1e308, timeout: -0.5 },
    ];
    for (const body of bodies) {
      const { status } = await refusal(body);
      expect([status, status >= 400 && status < 500]).toEqual([status, true]);
    }
    for (const id of ['%00', '%ff', '$where', 'constructor', '{"$gt":""}', 'a'.repeat(5_000)]) {
      const { status } = await get(encodeURI(id).replace('%25', '%'));
      expect(status).toBeLessThan(500);
    }
  });
});
