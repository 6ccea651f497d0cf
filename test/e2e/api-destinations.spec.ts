import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decode } from '@pladmed/warts';
import { readdirSync, readFileSync } from 'node:fs';
import { type Account, ApiWorld, type Operation, type Page } from '../support/api-world.js';
import { CLOCK, failedRun, type NativeProbe } from '../support/native-probe.js';

interface Result {
  summary?: Record<string, unknown>[];
  destinations?: object[];
  decode_error?: string;
  failure?: { reason: string };
}

interface Shown {
  id: string;
  ipv4: boolean | null;
  ipv6: boolean | null;
}

const FOLDER = 'warts/test/fixtures';
const [PING = ''] = readdirSync(FOLDER).filter((name) => name.includes('-ping-') && name.endsWith('.warts'));
const raw = readFileSync(`${FOLDER}/${PING}`);
const measured = decode(raw).records.flatMap((record) =>
  record.type === 'ping' ? [record.dst.toString()] : [],
);
const [DST = ''] = measured;

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const asked = (destination: string, address: string | null, more: object = {}) => ({
  destination,
  address,
  resolve_ms: null,
  error: null,
  ...more,
});

describe('what native probes say of names and families', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(10_000);
  });
  afterAll(() => world.stop());

  describe('the destinations of a result', () => {
    let probe: NativeProbe;
    let operation: Operation;
    beforeAll(async () => {
      const registered = await world.probe(user);
      probe = await world.connect(registered);
      const schedule = {
        type: 'interval',
        every_s: 60,
        stop: new Date(Date.now() + 3_600_000).toISOString(),
      };
      const params = { fqdns: ['a.example', 'b.example'], ips: [DST] };
      operation = await world.operation(user, [registered], { kind: 'ping', params, schedule });
      await probe.told(operation.id);
    });

    const sent = (n: number, destinations: unknown) => ({
      operation_id: operation.id,
      scheduled_at: at(n),
      started_at: at(n),
      duration_ms: 14,
      clock: CLOCK,
      format: 'warts',
      content: raw,
      destinations,
    });
    const list = async () =>
      (await user.api.get<Page<Result>>(`/api/v1/operations/${operation.id}/results`)).body.items;

    it('are kept, shown, and stand in the summary; one that was not measured with its reason', async () => {
      const destinations = [
        asked(DST, DST),
        asked('a.example', DST, { resolve_ms: 2.5 }),
        asked('b.example', '2001:db8::1', { resolve_ms: 3, error: 'no_family', note: 'A: timeout' }),
      ];
      await expect(probe.results([sent(1, destinations)])).resolves.toEqual({
        items: [{ status: 'stored' }],
      });
      const result = (await list()).at(-1);
      expect(result?.destinations).toEqual(destinations.map((each) => ({ note: null, ...each })));
      const { summary = [] } = result ?? {};
      expect(summary.map(({ destination, dst, error }) => [destination, dst, error]).slice(0, 3)).toEqual([
        [DST, DST, null],
        ['a.example', DST, measured[1] === DST ? null : 'nothing_sent'],
        ['b.example', '2001:db8::1', 'no_family'],
      ]);
      expect(summary[0]).toMatchObject({ type: 'ping', sent: expect.any(Number) });
      expect(summary[2]).toMatchObject({ resolve_ms: 3, note: 'A: timeout' });
    });

    it('cost the result nothing where they cannot be read, and older probes do without', async () => {
      const items = [sent(2, [{ destination: 7 }]), sent(3, undefined)];
      const stored = { status: 'stored' };
      await expect(probe.results(items)).resolves.toEqual({ items: [stored, stored] });
      const [unreadable, without] = (await list()).slice(-2);
      expect(unreadable).toMatchObject({ decode_error: expect.stringMatching(/^destinations\.0\./) });
      expect(unreadable?.summary).toEqual(without?.summary);
      for (const result of [unreadable, without]) expect(result).toMatchObject({ destinations: null });
      expect(without).toMatchObject({ decode_error: null });
    });

    it.each(['resolver_failed', 'no_family', 'nothing_sent'])(
      'may be why a run failed: %s',
      async (reason) => {
        const scheduled = new Date().toISOString();
        await expect(probe.failed([failedRun(operation.id, scheduled, { reason })])).resolves.toEqual({
          items: [{ status: 'stored' }],
        });
        expect((await list()).at(-1)?.failure?.reason).toBe(reason);
      },
    );
  });

  describe('the families of a probe', () => {
    const status = (families?: object) => ({
      backlog: { results: 0, bytes: 0 },
      running: 0,
      in_use_credits: 0,
      clock: CLOCK,
      ...(families && { families }),
    });
    const shown = async (id: string) => (await user.api.get<Shown>(`/api/v1/probes/${id}`)).body;
    const listed = async (query: string) =>
      (await user.api.pages<Shown>(`/api/v1/probes?mine=true&tag=families&${query}`))
        .flat()
        .map(({ id }) => id);

    it('are shown, follow what it says, can be asked for and selected by', async () => {
      const [four, both, never] = await Promise.all(
        [0, 1, 2].map(() => world.probe(user, { tags: ['families'] })),
      );
      expect(await shown(never!.id)).toMatchObject({ ipv4: null, ipv6: null });
      await world.connect(four!);
      const changing = await world.connect(both!);
      expect(await shown(four!.id)).toMatchObject({ ipv4: true, ipv6: false });

      await changing.status(status({ ipv4: true, ipv6: true }));
      expect(await shown(both!.id)).toMatchObject({ ipv4: true, ipv6: true });
      // an older probe does not say them: what it said at the door stays
      await changing.status(status());
      expect(await shown(both!.id)).toMatchObject({ ipv4: true, ipv6: true });

      expect(await listed('ipv6=true')).toEqual([both!.id]);
      expect(await listed('ipv6=false')).toEqual([four!.id]);
      expect((await user.api.get('/api/v1/probes?ipv6=maybe')).status).toBe(400);

      const select = { count: 1, tags: ['families'], ipv6: true };
      const body = {
        kind: 'ping',
        params: { ips: ['2001:db8::1'] },
        schedule: { type: 'once' },
        select,
      };
      const created = await user.api.post<Operation & { selection: object }>('/api/v1/operations', body);
      expect(created.status).toBe(201);
      expect(created.body.selection).toMatchObject(select);
      const path = `/api/v1/operations/${created.body.id}/assignments`;
      const assigned = (await user.api.pages<{ probe_id: string }>(path)).flat();
      expect(assigned.map(({ probe_id }) => probe_id)).toEqual([both!.id]);
      const tooMany = await user.api.post<{ shortage: { conditions: { condition: string }[] } }>(
        '/api/v1/operations',
        { ...body, select: { ...select, count: 2 } },
      );
      expect(tooMany.body.shortage.conditions.map(({ condition }) => condition)).toContain('ipv6');
      expect(await changing.status(status({ ipv4: 1 }))).toMatchObject({
        error: { code: 'invalid_request' },
      });
    });
  });
});
