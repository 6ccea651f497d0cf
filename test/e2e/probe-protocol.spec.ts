import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Account,
  ApiWorld,
  firstRunOf,
  type Operation,
  type Page,
  type Registered,
} from '../support/api-world.js';
import { CLOCK, dnsResult, failedRun, NativeProbe, pingResult, Refused } from '../support/native-probe.js';
import { KIND_NAMES, KINDS } from '../../src/measurement/kinds/index.js';
import { pingWarts } from '../bench/warts-sample.js';
import { until } from '../support/until.js';

const HOUR_MS = 3_600_000;
const SOMETIME = '2026-01-01T00:00:01.000Z';
const HOURLY = { type: 'interval', every_s: 3600, stop: new Date(Date.now() + 36_000_000).toISOString() };

/** docs/protocol.md, from outside. */
describe('the native probe protocol', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: Registered;
  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(10_000);
  });
  beforeEach(async () => {
    registered = await world.probe(user);
  });
  afterAll(() => world.stop());

  const read = async (id: string) => (await user.api.get<Operation>(`/api/v1/operations/${id}`)).body;

  /** A probe that is connected and has an operation of ten runs, which were all due. */
  async function atWork() {
    const probe = await world.connect(registered);
    const operation = await world.operation(user, [registered], { schedule: HOURLY });
    await probe.told(operation.id);
    return { probe, operation, at: await world.began(operation, 10 * HOUR_MS) };
  }

  describe('handshake', () => {
    async function refusal(token: string, auth: Record<string, unknown> = {}): Promise<Refused> {
      const refused: unknown = await NativeProbe.connect(world.server.url, token, { auth }).catch(
        (error: unknown) => error,
      );
      if (!(refused instanceof Refused)) throw new Error('the handshake was not refused');
      expect(refused.data?.message).toBe(refused.message);
      return refused;
    }

    it.each([
      ['no token', { token: undefined }],
      ['a token that is no text', { token: { $gt: '' } }],
      ['a token that is none', { token: 'x.y.z' }],
    ])('refuses %s', async (_what, auth) => {
      expect(await refusal('', auth)).toMatchObject({
        message: 'Invalid token',
        data: { code: 'invalid_token' },
      });
    });

    it('refuses a user’s token', async () => {
      expect(await refusal(user.api.token ?? '')).toMatchObject({ message: 'Invalid token' });
    });

    it.each([
      ['no protocol', { protocol: undefined }, 'unsupported_protocol'],
      ['another protocol', { protocol: 3 }, 'unsupported_protocol'],
      ['the protocol as a text', { protocol: '2' }, 'unsupported_protocol'],
      ['no version', { version: undefined }, 'invalid_handshake'],
      ['a long version', { version: 'x'.repeat(33) }, 'invalid_handshake'],
      ['no capabilities', { capabilities: undefined }, 'invalid_handshake'],
      ['kinds that are no list', { capabilities: { kinds: 'ping' } }, 'invalid_handshake'],
      ['negative credits', { total_credits: -1 }, 'invalid_handshake'],
      ['half a credit', { total_credits: 0.5 }, 'invalid_handshake'],
    ])('refuses %s', async (_what, auth, code) => {
      expect((await refusal(registered.token, auth)).data?.code).toBe(code);
    });

    it('takes capabilities that it does not know', async () => {
      await world.connect(registered, {
        auth: { capabilities: { kinds: ['ping', 'http'], new: { in: 3 } } },
      });
    });
  });

  describe('sync', () => {
    it('is full first, and brings what waited', async () => {
      const operation = await world.operation(user, [registered], {
        params: { ips: ['192.0.2.1'], probecount: 2 },
      });
      const probe = await world.connect(registered);
      const first = await probe.firstSync();
      expect(first).toEqual({
        revision: 1,
        full: true,
        stopped: [],
        operations: [
          {
            operation_id: operation.id,
            kind: 'ping',
            params: { ips: ['192.0.2.1'], probecount: 2 },
            schedule: operation.schedule,
            cost_per_run: 1,
          },
        ],
      });
    });

    it('is full and empty where there is nothing to do', async () => {
      const probe = await world.connect(registered);
      expect(await probe.firstSync()).toEqual({ revision: 1, full: true, operations: [], stopped: [] });
    });

    it('brings what is new, and only that', async () => {
      const { probe, operation } = await atWork();
      const second = await world.operation(user, [registered]);
      await probe.told(second.id);
      expect(probe.syncs.map(({ full }) => full)).toEqual([true, false, false]);
      expect(probe.syncs.map(({ revision }) => revision)).toEqual([1, 2, 3]);
      expect(
        probe.syncs.slice(1).map(({ operations }) => operations.map((each) => each.operation_id)),
      ).toEqual([[operation.id], [second.id]]);
    });

    it('brings everything again after a reconnection, less what is done', async () => {
      const { probe, operation } = await atWork();
      const done = await world.operation(user, [registered]);
      await probe.told(done.id);
      await probe.results([pingResult(done.id, firstRunOf(done))]);
      probe.close();
      const again = await world.connect(registered);
      const ids = (await again.firstSync()).operations.map(({ operation_id }) => operation_id);
      expect(ids).toEqual([operation.id]);
    });

    it('loses nothing of what is created while a probe connects', async () => {
      const [probe, ...operations] = await Promise.all([
        world.connect(registered),
        ...Array.from({ length: 10 }, () => world.operation(user, [registered])),
      ]);
      for (const { id } of operations) await probe.told(id);
      expect(probe.syncs.filter(({ full }) => full)).toHaveLength(1);
    });

    it('gives an operation that was not acknowledged again', async () => {
      const silent = await world.connect(registered, { answerSync: () => 'what?' });
      const operation = await world.operation(user, [registered]);
      await silent.told(operation.id);
      silent.close();
      const probe = await world.connect(registered);
      await probe.told(operation.id);
      await until(
        'it is delivered',
        async () => (await read(operation.id)).progress.assignments['delivered'] === 1,
      );
    });

    it('says that an operation is over', async () => {
      const { probe, operation } = await atWork();
      await user.api.post(`/api/v1/operations/${operation.id}/stop`);
      const [stop] = await until('the stop', () => probe.stops.length > 0 && probe.stops);
      expect(stop).toEqual({ operation_id: operation.id, reason: 'stopped by its owner' });
    });

    it('lets the newer connection of one probe take over', async () => {
      const older = await world.connect(registered);
      const newer = await world.connect(registered);
      await until('the older one to be closed', () => older.ended);
      const operation = await world.operation(user, [registered]);
      await newer.told(operation.id);
      const { body } = await user.api.get<{ connected: boolean }>(`/api/v1/probes/${registered.id}`);
      expect([body.connected, newer.ended]).toEqual([true, undefined]);
    });
  });

  describe('results', () => {
    it('are answered item by item, in order', async () => {
      const { probe, operation, at } = await atWork();
      const foreign = await world.operation(user, [await world.probe(user)]);
      const { items } = await probe.results([
        pingResult(operation.id, at(1)),
        pingResult(foreign.id, at(1)),
        pingResult('6720a1b2c3d4e5f6000000c3', at(1)),
        pingResult('nonsense', at(1)),
        pingResult(operation.id, at(1)),
        pingResult(operation.id, at(2), { content: Buffer.from([0x12, 0x05]) }),
      ]);
      expect(items?.map(({ status, reason }) => [status, reason])).toEqual([
        ['stored', undefined],
        ['refused', 'not_assigned'],
        ['refused', 'not_assigned'],
        ['refused', 'bad_item'],
        ['duplicate', undefined],
        ['stored', undefined],
      ]);
      expect((await read(operation.id)).progress).toMatchObject({ received: 2, failed: 0 });
    });

    it.each([
      ['nothing', null],
      ['a text', 'x'],
      ['a time that is none', { ...pingResult('6720a1b2c3d4e5f6000000c3', 'yesterday') }],
      ['no clock', pingResult('6720a1b2c3d4e5f6000000c3', SOMETIME, { clock: undefined })],
      [
        'a clock of texts',
        pingResult('6720a1b2c3d4e5f6000000c3', SOMETIME, { clock: { ...CLOCK, offset_ms: '1' } }),
      ],
      ['a negative duration', pingResult('6720a1b2c3d4e5f6000000c3', SOMETIME, { duration_ms: -1 })],
      ['an unknown format', pingResult('6720a1b2c3d4e5f6000000c3', SOMETIME, { format: 'gzip' })],
      ['content that is text', pingResult('6720a1b2c3d4e5f6000000c3', SOMETIME, { content: 'x' })],
      ['an operator for an id', pingResult({ $gt: '' } as never, SOMETIME)],
    ])('refuse %s by itself', async (_what, item) => {
      const { probe, operation, at } = await atWork();
      const { items } = await probe.results([item, pingResult(operation.id, at(1))]);
      expect(items).toEqual([{ status: 'refused', reason: 'bad_item' }, { status: 'stored' }]);
    });

    it('are stored and paid once, however often they are sent at once', async () => {
      const { probe, operation, at } = await atWork();
      const before = await world.balance(user);
      const batch = Array.from({ length: 5 }, (_, n) => pingResult(operation.id, at(n)));
      const answers = await Promise.all(Array.from({ length: 6 }, () => probe.results(batch)));
      const stored = answers.flatMap(({ items = [] }) => items).filter(({ status }) => status === 'stored');
      expect(stored).toHaveLength(5);
      expect(await world.balance(user)).toBe(before + 50);
      expect((await read(operation.id)).progress.received).toBe(5);
    });

    it('of another kind of measurement are refused, before anybody looks into them', async () => {
      const { probe, operation, at } = await atWork();
      const all = KIND_NAMES.flatMap((kind) => Object.keys(KINDS[kind].formats));
      const before = await world.balance(user);
      let price = 0;
      for (const kind of KIND_NAMES) {
        const { example, formats: own, unitCost, check } = KINDS[kind];
        const other = await world.operation(user, [registered], { kind, params: example.params });
        price += unitCost * check(example.params, 'refuse').destinations.length;
        const formats = [...new Set(all)].filter((format) => !Object.hasOwn(own, format));
        const wrong = formats.map((format) => dnsResult(other.id, firstRunOf(other), { format }));
        const { items } = await probe.results(wrong);
        expect(items).toEqual(formats.map(() => ({ status: 'refused', reason: 'bad_format' })));
        expect((await read(other.id)).progress).toMatchObject({ received: 0, failed: 0 });
        const { body } = await user.api.get<Page<object>>(`/api/v1/operations/${other.id}/results`);
        expect(body.items).toEqual([]);
      }
      expect(await world.balance(user)).toBe(before - price);
      // the run is free still
      expect((await probe.results([pingResult(operation.id, at(1))])).items).toEqual([{ status: 'stored' }]);
    });

    it('in which nothing was sent are failed runs: not paid, their bytes kept and shown', async () => {
      const { probe, operation, at } = await atWork();
      const trace = await world.operation(user, [registered], {
        kind: 'traceroute',
        params: { ips: ['192.0.2.1'] },
      });
      const before = await world.balance(user);
      const empty = wartsOfNothing();
      const results = [
        pingResult(operation.id, at(0), { content: empty }),
        pingResult(operation.id, at(1), { content: Buffer.alloc(0) }),
        pingResult(operation.id, at(2)),
        pingResult(trace.id, firstRunOf(trace), { content: empty }),
      ];
      expect((await probe.results(results)).items).toEqual(results.map(() => ({ status: 'stored' })));
      expect(await world.balance(user)).toBe(before + 10);
      expect((await read(operation.id)).progress).toMatchObject({ received: 1, failed: 2 });
      expect((await read(trace.id)).progress).toMatchObject({ received: 0, failed: 1 });
      const path = `/api/v1/operations/${operation.id}`;
      const coverage = await user.api.get<{ failed_by_reason: object }>(`${path}/coverage`);
      expect(coverage.body.failed_by_reason).toEqual({ nothing_sent: 2 });
      const { body } = await user.api.get<Page<{ id: string; scheduled_at: string }>>(
        `${path}/results?outcome=failed&view=json`,
      );
      const first = body.items.find(({ scheduled_at }) => scheduled_at === at(0));
      expect(first).toMatchObject({
        counted: true,
        format: 'warts',
        summary: [],
        failure: { reason: 'nothing_sent' },
        decoded: [{ type: 'cycle-start' }, { type: 'cycle-stop' }],
      });
      const raw = await user.api.get(`/api/v1/results/${first?.id ?? ''}/raw`);
      expect([raw.status, raw.headers.get('content-length')]).toEqual([200, String(empty.length)]);
    });

    it('that no schedule asked for are kept, not counted and not paid, and leave the run to be done', async () => {
      const probe = await world.connect(registered);
      const operation = await world.operation(user, [registered]);
      await probe.told(operation.id);
      const before = await world.balance(user);
      const due = Date.parse(firstRunOf(operation));
      const times = Array.from({ length: 500 }, (_, n) => new Date(due + 1 + n * 1000).toISOString());
      for (let from = 0; from < times.length; from += 100) {
        const some = times.slice(from, from + 100);
        const failed = some.slice(50).map((time) => failedRun(operation.id, time));
        const taken = [
          await probe.results(some.slice(0, 50).map((time) => pingResult(operation.id, time))),
          await probe.failed(failed),
        ];
        expect(new Set(taken.flatMap(({ items = [] }) => items).map(({ status }) => status))).toEqual(
          new Set(['stored']),
        );
      }
      const coverage = async () =>
        (await user.api.get<{ extra: number; fates: object }>(`/api/v1/operations/${operation.id}/coverage`))
          .body;
      expect(await world.balance(user)).toBe(before);
      expect(await read(operation.id)).toMatchObject({
        state: 'running',
        progress: { received: 0, failed: 0 },
      });
      expect(await coverage()).toMatchObject({ extra: 500, fates: { received: 0, failed: 0 } });
      expect((await probe.results([pingResult(operation.id, firstRunOf(operation))])).items).toEqual([
        { status: 'stored' },
      ]);
      expect(await world.balance(user)).toBe(before + 10);
      expect(await read(operation.id)).toMatchObject({ state: 'done', progress: { received: 1, failed: 0 } });
      expect(await coverage()).toMatchObject({ extra: 500, fates: { received: 1 } });
    });

    it('are one run in whatever form they write its time, and another for a millisecond', async () => {
      const { probe, operation, at } = await atWork();
      const answers = await probe.results([
        pingResult(operation.id, at(1)),
        pingResult(operation.id, at(1).replace('Z', '0000Z')),
        pingResult(operation.id, at(1).replace('Z', '9Z')),
        pingResult(operation.id, new Date(Date.parse(at(1)) + 1).toISOString()),
      ]);
      expect(answers.items?.map(({ status }) => status)).toEqual([
        'stored',
        'duplicate',
        'duplicate',
        'stored',
      ]);
      expect((await read(operation.id)).progress).toMatchObject({ received: 1, failed: 0 });
    });

    it('and failures are one run: the first that came counts, and a failure earns nothing', async () => {
      const { probe, operation, at } = await atWork();
      const before = await world.balance(user);
      expect((await probe.failed([failedRun(operation.id, at(1))])).items).toEqual([{ status: 'stored' }]);
      expect((await probe.results([pingResult(operation.id, at(1))])).items).toEqual([
        { status: 'duplicate' },
      ]);
      expect((await read(operation.id)).progress).toMatchObject({ received: 0, failed: 1 });
      expect(await world.balance(user)).toBe(before);
    });

    it('are taken after the operation was stopped: the run was made', async () => {
      const { probe, operation, at } = await atWork();
      await user.api.post(`/api/v1/operations/${operation.id}/stop`);
      expect((await probe.results([pingResult(operation.id, at(1))])).items).toEqual([{ status: 'stored' }]);
    });

    it('are bounded: items, bytes, and what is no list', async () => {
      const { probe, operation, at } = await atWork();
      const many = Array.from({ length: 101 }, (_, n) => failedRun(operation.id, at(n)));
      expect((await probe.results(many)).error?.code).toBe('too_many_items');
      expect((await probe.failed(many)).error?.code).toBe('too_many_items');
      const big = pingResult(operation.id, at(1), { content: Buffer.alloc(8 * 1024 * 1024 + 1) });
      expect((await probe.results([big])).error?.code).toBe('too_large');
      for (const items of [null, {}, 'x', 7])
        expect((await probe.results(items)).error?.code).toBe('invalid_request');
      expect((await probe.results([])).items).toEqual([]);
      expect((await read(operation.id)).progress).toMatchObject({ received: 0, failed: 0 });
    });
  });

  it('takes failed runs with their reasons, and no others', async () => {
    const { probe, operation, at } = await atWork();
    const { items } = await probe.failed([
      failedRun(operation.id, at(1), { reason: 'refused', detail: 'policy: 192.0.2.0/24' }),
      failedRun(operation.id, at(2), { reason: 'bored' }),
      failedRun(operation.id, at(3), { detail: 'x'.repeat(501) }),
      failedRun(operation.id, at(4), { detail: undefined }),
    ]);
    expect(items?.map(({ status }) => status)).toEqual(['stored', 'refused', 'refused', 'stored']);
    const { body } = await user.api.get<Page<{ failure: object }>>(
      `/api/v1/operations/${operation.id}/results`,
    );
    // one batch: in no order
    expect(body.items.map(({ failure }) => failure)).toContainEqual({
      reason: 'refused',
      detail: 'policy: 192.0.2.0/24',
    });
  });

  it('refuses a status that is none, and names the member', async () => {
    const probe = await world.connect(registered);
    const good = { backlog: { results: 0, bytes: 0 }, running: 0, in_use_credits: 0, clock: CLOCK };
    for (const [bad, field] of [
      [{ ...good, running: -1 }, 'running'],
      [{ ...good, backlog: null }, 'backlog'],
      [{ ...good, clock: { ...CLOCK, source: 'sundial' } }, 'clock.source'],
    ] as const) {
      expect((await probe.status(bad)).error).toMatchObject({ code: 'invalid_request', field });
    }
    expect((await probe.status(undefined)).error?.code).toBe('invalid_request');
    expect((await probe.status(good)).error).toBeUndefined();
  });
});

/** What scamper writes where it could connect(2) to no destination: its list and cycle (warts(5): records 1, 2 and 4), and nothing in it. */
function wartsOfNothing(): Buffer {
  const file = pingWarts();
  const parts: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const end = at + 8 + file.readUInt32BE(at + 4);
    if ([1, 2, 4].includes(file.readUInt16BE(at + 2))) parts.push(file.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}
