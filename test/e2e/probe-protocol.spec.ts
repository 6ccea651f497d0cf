import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Operation, type Page, type Registered } from '../support/api-world.js';
import { CLOCK, dnsResult, failedRun, NativeProbe, Refused } from '../support/native-probe.js';
import { until } from '../support/until.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
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

  /** A probe that is connected and has an operation of ten runs. */
  async function atWork() {
    const probe = await world.connect(registered);
    const operation = await world.operation(user, [registered], { schedule: HOURLY });
    await probe.told(operation.id);
    return { probe, operation };
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
      await probe.results([dnsResult(done.id, at(0))]);
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
      const { probe, operation } = await atWork();
      const foreign = await world.operation(user, [await world.probe(user)]);
      const { items } = await probe.results([
        dnsResult(operation.id, at(1)),
        dnsResult(foreign.id, at(1)),
        dnsResult('6720a1b2c3d4e5f6000000c3', at(1)),
        dnsResult('nonsense', at(1)),
        dnsResult(operation.id, at(1)),
        dnsResult(operation.id, at(2), { content: Buffer.from([0x12, 0x05]), format: 'warts' }),
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
      ['a time that is none', { ...dnsResult('6720a1b2c3d4e5f6000000c3', 'yesterday') }],
      ['no clock', dnsResult('6720a1b2c3d4e5f6000000c3', at(1), { clock: undefined })],
      [
        'a clock of texts',
        dnsResult('6720a1b2c3d4e5f6000000c3', at(1), { clock: { ...CLOCK, offset_ms: '1' } }),
      ],
      ['a negative duration', dnsResult('6720a1b2c3d4e5f6000000c3', at(1), { duration_ms: -1 })],
      ['an unknown format', dnsResult('6720a1b2c3d4e5f6000000c3', at(1), { format: 'gzip' })],
      ['content that is text', dnsResult('6720a1b2c3d4e5f6000000c3', at(1), { content: 'x' })],
      ['an operator for an id', dnsResult({ $gt: '' } as never, at(1))],
    ])('refuse %s by itself', async (_what, item) => {
      const { probe, operation } = await atWork();
      const { items } = await probe.results([item, dnsResult(operation.id, at(1))]);
      expect(items).toEqual([{ status: 'refused', reason: 'bad_item' }, { status: 'stored' }]);
    });

    it('are stored and paid once, however often they are sent at once', async () => {
      const { probe, operation } = await atWork();
      const before = await world.balance(user);
      const batch = Array.from({ length: 5 }, (_, n) => dnsResult(operation.id, at(n)));
      const answers = await Promise.all(Array.from({ length: 6 }, () => probe.results(batch)));
      const stored = answers.flatMap(({ items = [] }) => items).filter(({ status }) => status === 'stored');
      expect(stored).toHaveLength(5);
      expect(await world.balance(user)).toBe(before + 50);
      expect((await read(operation.id)).progress.received).toBe(5);
    });

    it('and failures are one run: the first that came counts, and a failure earns nothing', async () => {
      const { probe, operation } = await atWork();
      const before = await world.balance(user);
      expect((await probe.failed([failedRun(operation.id, at(1))])).items).toEqual([{ status: 'stored' }]);
      expect((await probe.results([dnsResult(operation.id, at(1))])).items).toEqual([
        { status: 'duplicate' },
      ]);
      expect((await read(operation.id)).progress).toMatchObject({ received: 0, failed: 1 });
      expect(await world.balance(user)).toBe(before);
    });

    it('are taken after the operation was stopped: the run was made', async () => {
      const { probe, operation } = await atWork();
      await user.api.post(`/api/v1/operations/${operation.id}/stop`);
      expect((await probe.results([dnsResult(operation.id, at(1))])).items).toEqual([{ status: 'stored' }]);
    });

    it('are bounded: items, bytes, and what is no list', async () => {
      const { probe, operation } = await atWork();
      const many = Array.from({ length: 101 }, (_, n) => failedRun(operation.id, at(n)));
      expect((await probe.results(many)).error?.code).toBe('too_many_items');
      expect((await probe.failed(many)).error?.code).toBe('too_many_items');
      const big = dnsResult(operation.id, at(1), { content: Buffer.alloc(8 * 1024 * 1024 + 1) });
      expect((await probe.results([big])).error?.code).toBe('too_large');
      for (const items of [null, {}, 'x', 7])
        expect((await probe.results(items)).error?.code).toBe('invalid_request');
      expect((await probe.results([])).items).toEqual([]);
      expect((await read(operation.id)).progress).toMatchObject({ received: 0, failed: 0 });
    });
  });

  it('takes failed runs with their reasons, and no others', async () => {
    const { probe, operation } = await atWork();
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
