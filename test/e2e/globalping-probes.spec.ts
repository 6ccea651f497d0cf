import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { type Account, ApiWorld, type Operation, type Page, type Registered } from '../support/api-world.js';
import { FakeGlobalpingProbe, type FakeOptions, PING } from '../support/globalping-probe.js';
import { Refused } from '../support/native-probe.js';
import { until } from '../support/until.js';

const ONCE = { type: 'once' };

interface Result {
  outcome: string;
  format: string;
  scheduled_at: string;
  started_at: string | null;
  clock: { source: string };
  failure: { reason: string; detail: string } | null;
  summary: Record<string, unknown>[];
  decoded?: { target: string; measurement: Record<string, unknown>; result: Record<string, unknown> }[];
}

interface Runs {
  due: number;
  fates: Record<string, number>;
}

/** The contract of Globalping's probes, from outside: docs/globalping.md. */
describe('probes of Globalping', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: Registered;
  let open: FakeGlobalpingProbe[] = [];
  let silent: FakeGlobalpingProbe;
  let unanswered: Operation;
  beforeAll(async () => {
    world = await ApiWorld.startProcess();
    user = await world.account(100_000);
    // its time is over at the end of this file
    const owner = await world.probe(user);
    silent = await FakeGlobalpingProbe.connect(world.server.url, owner.token, {
      answer: (request) => {
        const { measurementId, testId } = request;
        const progress = {
          measurementId,
          testId,
          overwrite: false,
          result: { rawOutput: 'as far as it came' },
        };
        silent.socket.emit('probe:measurement:progress', progress);
        return undefined;
      },
    });
    unanswered = await world.operation(user, [owner], { kind: 'ping', params: { ips: ['9.9.9.9'] } });
  });
  beforeEach(async () => {
    registered = await world.probe(user);
  });
  afterEach(() => {
    for (const probe of open) probe.close();
    open = [];
  });
  afterAll(async () => {
    silent.close();
    await world.stop();
  });

  async function connect(token: string | undefined, options?: FakeOptions, reconnects?: boolean) {
    const probe = await FakeGlobalpingProbe.connect(world.server.url, token, options, reconnects);
    open.push(probe);
    return probe;
  }

  async function refusal(token: string | undefined, query: FakeOptions['query'] = {}): Promise<string> {
    const refused: unknown = await connect(token, { query }).catch((error: unknown) => error);
    if (!(refused instanceof Refused)) throw new Error('the handshake was not refused');
    return refused.message;
  }

  const operation = (kind: string, params: object, schedule: object = ONCE) =>
    world.operation(user, [registered], { kind, params, schedule });

  const resultsOf = async (id: string) =>
    (await user.api.get<Page<Result>>(`/api/v1/operations/${id}/results?view=json`)).body.items;

  const results = (id: string, count = 1) =>
    until(`${count} results`, async () => {
      const items = await resultsOf(id);
      return items.length >= count && items;
    });

  it('refuses who brings no token of a probe here, in words by which it comes back in a minute, without the token', async () => {
    const noToken = /^failed to collect probe metadata: GP_ADOPTION_TOKEN is not the token of a probe/;
    expect(await refusal(undefined)).toMatch(noToken);
    expect(await refusal('x.y.z')).toMatch(noToken);
    const forged = `${registered.token.slice(0, -6)}abcdef`;
    const said = await refusal(forged);
    expect(said).toMatch(noToken);
    expect(said).not.toContain(forged.slice(0, 20));
    await user.api.post(`/api/v1/probes/${registered.id}/token`, {});
    expect(await refusal(registered.token)).toMatch(noToken);
    expect(await refusal(registered.token, { version: '0.49.9' })).toMatch(/^invalid probe version/);
    // neither in the log, whoever wrote it
    expect(world.server.log.filter((line) => line.includes(registered.token))).toEqual([]);
  });

  it('lets the newer of two programs take over, and keeps the older out for a minute', async () => {
    const query = (uuid: string) => ({ query: { uuid } });
    const older = await connect(registered.token, query('older'));
    await connect(registered.token, query('newer'));
    await until('the older is disconnected', () => older.ended !== undefined);
    expect(await refusal(registered.token, { uuid: 'older' })).toMatch(
      /^failed to collect probe metadata: another probe uses the token/,
    );
    // itself may come again
    await connect(registered.token, query('newer'));
  });

  it('shows it as what it is, and gives it work when it is ready', async () => {
    const probe = await connect(registered.token, { status: 'initializing' });
    const shown = () =>
      user.api.get<{ connected: boolean; connection: Record<string, unknown> }>(
        `/api/v1/probes/${registered.id}`,
      );
    const connection = await until('what it says of itself', async () => {
      const { body } = await shown();
      return body.connection['resolvers'] !== null && body.connection['status'] !== null && body.connection;
    });
    expect(connection).toMatchObject({
      ...{ protocol: 'globalping', version: '0.50.2', status: 'initializing' },
      ...{ resolvers: ['private', '9.9.9.9'], kinds: ['ping', 'traceroute', 'dns', 'http', 'mtr'] },
    });
    expect(probe.told).toContainEqual(['api:connect:isProxy', { isProxy: false }]);
    expect(probe.told.map(([event]) => event)).toContain('api:connect:location');
    const { id } = await operation('ping', { fqdns: ['example.org'] });
    probe.socket.emit('probe:alt-ips', [['1.2.3.4', 'x']], (answer: unknown) => {
      expect(answer).toEqual({ addedAltIps: [], rejectedIpsToReasons: {} });
      // behind the answer nothing was asked: it is not ready
      expect(probe.requests).toEqual([]);
      probe.socket.emit('probe:status:update', 'ready');
    });
    expect((await results(id))[0]).toMatchObject({ outcome: 'stored' });
  });

  it('is asked with every default, and what it says is stored as it came', async () => {
    const probe = await connect(registered.token);
    const { id } = await operation('ping', { fqdns: ['example.org'], probecount: 3 });
    const [request] = await probe.asked();
    expect(request!.measurement).toEqual({
      ...{ type: 'ping', target: 'example.org', timeout: 10, ipVersion: 4, packets: 3 },
      // always, of a name: the probe looks at its address only then
      ...{ protocol: 'ICMP', port: 80, inProgressUpdates: true },
    });
    const [result] = await results(id);
    expect(result).toMatchObject({
      ...{ outcome: 'stored', format: 'globalping', started_at: null, clock: { source: 'none' } },
      decoded: [{ target: 'example.org', measurement: request!.measurement, result: PING }],
    });
    expect(result!.summary).toEqual([
      {
        ...{ type: 'ping', destination: 'example.org', dst: '93.184.216.34', sent: 3, received: 2 },
        ...{ duplicates: null, loss: 0.3333, rtt_min_ms: 1.2, rtt_avg_ms: 1.85, rtt_median_ms: 1.85 },
        ...{ rtt_max_ms: 2.5, rtt_stddev_ms: 0.65, error: null },
      },
    ]);
  });

  it('asks for each destination of a run, one acknowledgement after the other, and stores them together', async () => {
    const probe = await connect(registered.token);
    const { id } = await operation('ping', { ips: ['9.9.9.9', '8.8.8.8'], fqdns: ['example.org'] });
    const [result] = await results(id);
    expect(probe.requests.map(({ testId, measurement: { target } }) => [testId, target])).toEqual([
      ['0', '9.9.9.9'],
      ['1', '8.8.8.8'],
      ['2', 'example.org'],
    ]);
    expect(result!.summary.map(({ destination }) => destination)).toEqual([
      '9.9.9.9',
      '8.8.8.8',
      'example.org',
    ]);
  });

  it.each([
    ['a private address in the result', { ...PING, resolvedAddress: '10.1.2.3' }],
    ['one in the first line', { ...PING, rawOutput: PING.rawOutput.replace('93.184.216.34', '192.168.1.1') }],
    [
      'its own refusal',
      { status: 'failed', failureSource: 'target', rawOutput: 'Private IP ranges are not allowed.' },
    ],
  ])('shows and stores nothing of a private target: %s', async (_what, came) => {
    await connect(registered.token, { answer: () => came });
    const { id } = await operation('ping', { fqdns: ['example.org'] });
    const [result] = await results(id);
    expect(result).toMatchObject({
      ...{ outcome: 'failed', failure: { reason: 'refused', detail: 'Private IP ranges are not allowed.' } },
    });
    expect(JSON.stringify(result)).not.toMatch(/10\.1\.2\.3|192\.168/);
  });

  it('refuses what its protocol cannot say', async () => {
    const probe = await connect(registered.token);
    for (const [kind, params] of [
      ['ping', { ips: ['9.9.9.9'], size: 99 }],
      ['ping', { ips: ['10.0.0.1'] }],
    ] as const) {
      const { id } = await operation(kind, params);
      await until('it is refused', async () => {
        const { body } = await user.api.get<Operation>(`/api/v1/operations/${id}`);
        return body.progress.assignments['refused'] === 1;
      });
    }
    expect(probe.requests).toEqual([]);
  });

  it('sends a request again that was not acknowledged, and begins it once', async () => {
    let silent = true;
    const probe = await connect(registered.token, {
      acknowledges: () => {
        const answers = !silent;
        silent = false;
        return answers;
      },
    });
    const { id } = await operation('ping', { ips: ['9.9.9.9'] });
    await results(id);
    expect([probe.requests.length, probe.begun.length]).toEqual([2, 1]);
    // whichever of the two it begins, its result is of this run
    expect(new Set(probe.requests.map(({ measurementId }) => measurementId)).size).toBe(1);
  });

  it('drops what is wrong, and lives', async () => {
    const probe = await connect(registered.token, { answer: () => undefined });
    const { id } = await operation('ping', { ips: ['9.9.9.9'] });
    const [request] = await probe.asked();
    await until('it has begun', () => probe.begun.length === 1);
    const other = await world.probe(user);
    const stranger = await connect(other.token);
    stranger.result(request!, PING);
    for (const event of [
      ...['probe:status:update', 'probe:isIPv4Supported:update', 'probe:dns:update', 'probe:stats:report'],
      ...[
        'probe:measurement:ack',
        'probe:measurement:progress',
        'probe:measurement:result',
        'probe:logs',
        'x',
      ],
    ]) {
      for (const junk of [undefined, null, 5, 'x'.repeat(300_000), [], [[[]]], { $gt: '' }, Buffer.from('x')])
        probe.socket.emit(event, junk);
      probe.socket.emit(event);
    }
    probe.result({ ...request!, testId: '7' }, PING);
    probe.result({ ...request!, measurementId: 'f'.repeat(24) }, PING);
    probe.result(request!, { ...PING, stats: { loss: 'all' } });
    probe.result(request!, PING);
    expect(await results(id)).toHaveLength(1);
    expect((await user.api.get('/health/ready')).status).toBe(200);
  });

  it('takes a result on another connection, and begins the same run no second time', async () => {
    const first = await connect(registered.token, { answer: () => undefined });
    const { id } = await operation('ping', { ips: ['9.9.9.9'] });
    await until('it has begun', () => first.begun.length === 1);
    first.close();
    const second = await connect(registered.token);
    // it is asked again, and not allowed to begin
    await second.asked();
    second.result(first.begun[0]!, PING);
    expect(await results(id)).toMatchObject([{ outcome: 'stored' }]);
    expect(second.begun).toEqual([]);
  });

  const fatesOf = async (id: string) =>
    (await user.api.get<Runs>(`/api/v1/operations/${id}/coverage`)).body.fates;

  const begunOf = async (probe: FakeGlobalpingProbe, id: string) => {
    const run = await until('it has begun', async () => {
      const found = await world.database.collection('begunruns').findOne({ operation: new ObjectId(id) });
      return found?._id.toHexString();
    });
    return until('it was asked', () => probe.begun.find(({ measurementId }) => measurementId === run));
  };

  it('drops a result that comes after the end of its run, and says `awaited` until then', async () => {
    const probe = await connect(registered.token, { answer: () => undefined });
    const { id } = await operation('ping', { ips: ['9.9.9.9'] });
    const request = await begunOf(probe, id);
    expect(await fatesOf(id)).toMatchObject({ awaited: 1 });
    // its time is over
    await world.database
      .collection('begunruns')
      .updateOne({ _id: new ObjectId(request.measurementId) }, { $set: { deadline: new Date(0) } });
    const [ended] = await results(id);
    expect(ended).toMatchObject({ outcome: 'failed', failure: { reason: 'timeout' } });
    probe.result(request, PING);
    // behind its answer the result is taken
    await new Promise((settle) => probe.socket.emit('probe:logs', { logs: [] }, settle));
    expect(await resultsOf(id)).toEqual([ended]);
    expect(await fatesOf(id)).toMatchObject({ awaited: 0, received: 0, failed: 1 });
  });

  it('accounts for what is under way when the server is killed, whoever brings it, and however often', async () => {
    const probe = await connect(registered.token, { answer: () => undefined }, true);
    const [one, other] = [await world.probe(user), await world.probe(user)];
    const ids = [
      (await operation('ping', { ips: ['9.9.9.9'] })).id,
      (await operation('ping', { ips: ['9.9.9.9', '8.8.8.8'] })).id,
    ] as const;
    const [before, second] = [await begunOf(probe, ids[0]), await begunOf(probe, ids[1])];
    await until('both requests of the second', () => probe.begun.length === 3);
    // a busy machine takes longer to start a server than a ping may take
    await world.database
      .collection('begunruns')
      .updateMany(
        { operation: { $in: ids.map((id) => new ObjectId(id)) }, deadline: { $exists: true } },
        { $set: { deadline: new Date(Date.now() + 3_600_000) } },
      );
    // the first of its two, whichever came first
    const halfWay = { ...second, testId: '0' };
    probe.result(before, PING);
    await results(ids[0]);
    probe.result(halfWay, PING);
    const half = { run: new ObjectId(halfWay.measurementId) };
    await until('the half is there', () => world.database.collection('runparts').findOne(half));
    await world.server.kill();
    await until('the probe has noticed', () => !probe.socket.connected);
    // while it is away they are kept by socket.io
    probe.result(before, PING);
    probe.result({ ...halfWay, testId: '1' }, PING);
    probe.result({ ...halfWay, testId: '1' }, PING);
    await world.restart();
    const stranger = await connect(one.token);
    stranger.result({ ...halfWay, testId: '0' }, { ...PING, resolvedAddress: '1.1.1.1' });
    expect(await results(ids[1])).toMatchObject([
      { outcome: 'stored', summary: [{ dst: '93.184.216.34' }, { dst: '93.184.216.34' }] },
    ]);
    const again = await connect(other.token);
    again.result(before, PING);
    for (const id of ids) {
      expect(await resultsOf(id)).toHaveLength(1);
      expect(await fatesOf(id)).toMatchObject({ received: 1, awaited: 0, failed: 0 });
    }
    expect(probe.begun).toHaveLength(3);
  });

  it('ends what is not answered in its time, with what had come of it', async () => {
    const [result] = await results(unanswered.id);
    expect(result).toMatchObject({
      ...{ outcome: 'failed', failure: { reason: 'timeout', detail: 'The measurement timed out.' } },
      decoded: [
        {
          result: {
            ...{ status: 'failed', failureSource: 'internal' },
            rawOutput: 'as far as it came\n\nThe measurement timed out.',
          },
        },
      ],
    });
  });

  it('keeps its schedule, and accounts for each run once over a kill', async () => {
    const answered: string[] = [];
    await connect(
      registered.token,
      {
        answer: ({ measurementId }) => {
          answered.push(measurementId);
          return PING;
        },
      },
      true,
    );
    const schedule = { type: 'interval', every_s: 1, stop: new Date(Date.now() + 3_600_000).toISOString() };
    const { id } = await operation('ping', { ips: ['9.9.9.9'] }, schedule);
    await results(id, 2);
    await world.server.kill();
    await world.restart();
    await results(id, 4);
    await user.api.post(`/api/v1/operations/${id}/stop`, {});
    const { fates, due, stored } = await until('of what has begun everything is there', async () => {
      const { body } = await user.api.get<Runs>(`/api/v1/operations/${id}/coverage`);
      const items = (await resultsOf(id)).filter(({ outcome }) => outcome === 'stored');
      const { received = 0, failed = 0 } = body.fates;
      // what the server had not read when it was killed is lost: that run ends by its time
      const isAll = items.length === received && received + failed === new Set(answered).size;
      return isAll && { ...body, stored: items };
    });
    // each once, and each run has one fate
    expect(new Set(stored.map(({ scheduled_at }) => scheduled_at)).size).toBe(stored.length);
    const { received = 0, failed = 0, not_connected = 0, awaited = 0, stopped = 0 } = fates;
    expect(received + failed + not_connected + awaited + stopped).toBe(due);
  });
});
