import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, firstRunOf, type Registered } from '../support/api-world.js';
import { pingResult, type NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';
import { Watcher } from '../support/watcher.js';

const SCHEDULED = '2026-01-01T00:00:00.000Z';

describe('live', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: Registered;
  let probe: NativeProbe;
  const watchers: Watcher[] = [];

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(1000);
  });
  beforeEach(async () => {
    registered = await world.probe(user);
    probe = await world.connect(registered);
    await probe.firstSync();
  });
  afterAll(async () => {
    for (const watcher of watchers) watcher.close();
    await world.stop();
  });

  async function watch(token: unknown): Promise<Watcher> {
    const watcher = await Watcher.connect(world.server.url, token);
    watchers.push(watcher);
    return watcher;
  }

  describe('over Socket.IO', () => {
    it('refuses who has no account', async () => {
      for (const token of [undefined, 'x', registered.token, { $gt: '' }]) {
        await expect(watch(token)).rejects.toMatchObject({
          message: 'Invalid token',
          data: { code: 'invalid_token' },
        });
      }
    });

    it('shows what happens to an operation to who watches it, and to nobody else', async () => {
      const [watcher, other] = [await watch(user.api.token), await watch(user.api.token)];
      const away = await world.probe(user);
      const operation = await world.operation(user, [away]);
      const { id } = operation;
      expect(await watcher.ask('subscribe', { operation: id })).toEqual({ ok: true });
      const came = await world.connect(away);
      await came.told(id);
      expect(await watcher.event('assignment')).toEqual({
        operation_id: id,
        probe_id: away.id,
        state: 'delivered',
      });
      await came.results([pingResult(id, firstRunOf(operation))]);
      expect(await watcher.event('result')).toMatchObject({
        operation_id: id,
        probe_id: away.id,
        outcome: 'stored',
        counted: true,
        scheduled_at: firstRunOf(operation),
        format: 'warts',
        summary: [{ type: 'ping' }, { type: 'ping' }, { type: 'ping' }],
      });
      expect(other.events).toEqual([]);
    });

    it('shows a probe that comes and goes, and an account what it earns', async () => {
      const watcher = await watch(user.api.token);
      expect(await watcher.ask('subscribe', { account: true })).toEqual({ ok: true });
      const operation = await world.operation(user, [registered]);
      const { id } = operation;
      await probe.told(id);
      // one that names no run earns nothing, and is not shown to earn
      await probe.results([pingResult(id, SCHEDULED)]);
      await probe.results([pingResult(id, firstRunOf(operation))]);
      expect(await watcher.event('credits')).toEqual({ amount: 10, reason: 'results', operation_id: id });
      probe.close();
      const gone = await watcher.event('probe', ({ connected }) => connected === false);
      expect(gone).toMatchObject({ probe_id: registered.id });
      expect(watcher.events.filter(([name]) => name === 'credits')).toHaveLength(1);
      const stranger = await watch((await world.account()).api.token);
      await stranger.ask('subscribe', { probe: registered.id });
      await world.connect(registered);
      expect(await stranger.event('probe')).toMatchObject({ probe_id: registered.id, connected: true });
    });

    it('says nothing more after unsubscribe', async () => {
      const [watcher, other] = [await watch(user.api.token), await watch(user.api.token)];
      for (const each of [watcher, other]) await each.ask('subscribe', { probe: registered.id });
      expect(await watcher.ask('unsubscribe', { probe: registered.id })).toEqual({ ok: true });
      probe.close();
      await other.event('probe');
      expect(watcher.events).toEqual([]);
    });

    it('follows an operation from any position: each result once, and says so where it cannot', async () => {
      const away = await world.probe(user);
      const { id } = await world.operation(user, [registered, away], {
        schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 600_000).toISOString() },
      });
      const runs = Array.from({ length: 5 }, (_, n) => `2026-01-01T00:0${n}:00.000Z`);
      const resultsOf = ({ events }: Watcher) =>
        events.filter(([name]) => name === 'result').map(([, data]) => data);
      const first = await watch(user.api.token);
      const begun = (await first.ask('subscribe', { operation: id, follow: true })) as { position?: string };
      expect(begun).toMatchObject({ ok: true, position: expect.stringMatching(/^\d+-/) as unknown });
      await probe.told(id);
      // what is no result comes as well
      await (await world.connect(away)).told(id);
      expect(await first.event('assignment', ({ probe_id }) => probe_id === away.id)).toMatchObject({
        operation_id: id,
      });
      for (const run of runs) await probe.results([pingResult(id, run)]);
      await until('all', () => resultsOf(first).length === runs.length);
      expect(resultsOf(first).map(({ scheduled_at }) => scheduled_at)).toEqual(runs);
      const positions = [begun.position, ...resultsOf(first).map(({ position }) => position)];
      for (const [index, since] of positions.entries()) {
        const again = await watch(user.api.token);
        expect(await again.ask('subscribe', { operation: id, follow: true, since })).toEqual({
          ok: true,
          position: since,
        });
        const rest = runs.slice(index);
        await until('the rest', () => resultsOf(again).length >= rest.length);
        expect(resultsOf(again).map(({ scheduled_at }) => scheduled_at)).toEqual(rest);
        again.close();
      }
      expect(await first.ask('unsubscribe', { operation: id, follow: true })).toEqual({ ok: true });
      const other = await watch(user.api.token);
      await other.ask('subscribe', { operation: id, follow: true, since: positions.at(-1) });
      await probe.results([pingResult(id, '2026-01-01T00:09:00.000Z')]);
      await other.event('result');
      expect(resultsOf(first)).toHaveLength(runs.length);
      const lost = await watch(user.api.token);
      await lost.ask('subscribe', {
        operation: id,
        follow: true,
        since: '999999999-6720a1b2c3d4e5f6000000d4',
      });
      expect(await lost.event('lost')).toMatchObject({
        operation_id: id,
        read: `/api/v1/operations/${id}/results?from={received_at}`,
      });
      for (const bad of [
        { operation: id, follow: true, since: 'x' },
        { operation: id, follow: 'yes' },
        { probe: registered.id, follow: true },
      ])
        expect((await lost.ask('subscribe', bad)).error?.code).toBe('invalid_request');
      for (let n = 0; n < 19; n += 1) {
        const { id: more } = await world.operation(user, [registered], { visibility: 'private' });
        expect(await lost.ask('subscribe', { operation: more, follow: true })).toMatchObject({ ok: true });
      }
      const { id: more } = await world.operation(user, [registered], { visibility: 'private' });
      expect((await lost.ask('subscribe', { operation: more, follow: true })).error?.code).toBe('too_many');
      const stranger = await watch((await world.account()).api.token);
      expect((await stranger.ask('subscribe', { operation: more, follow: true })).error?.code).toBe(
        'not_found',
      );
    });

    it('reports what goes on, and what of it is one’s own', async () => {
      const [mine, other] = [await watch(user.api.token), await watch((await world.account()).api.token)];
      for (const watcher of [mine, other])
        expect(await watcher.ask('subscribe', { stats: true })).toEqual({ ok: true });
      const figures = { registered: expect.any(Number) as unknown, connected: expect.any(Number) as unknown };
      const report = {
        ...{ probes: figures, operations_running: expect.any(Number) as unknown, failed_per_minute: 0 },
        ...{ results_per_minute: expect.any(Number) as unknown, backlog: { results: 0, bytes: 0 } },
      };
      expect(await mine.event('stats')).toMatchObject({ ...report, own: report });
      const nothing = {
        probes: { registered: 0, connected: 0 },
        operations_running: 0,
        results_per_minute: 0,
      };
      expect(await other.event('stats')).toMatchObject({ ...report, own: nothing });
      expect((await world.api.get<object>('/api/v1/stats')).body).toMatchObject(report);
      expect((await user.api.get<object>('/api/v1/stats/me')).body).toMatchObject(report);
      expect((await world.api.get('/api/v1/stats/me')).status).toBe(401);
    });

    it('refuses what is none, not there, or not theirs', async () => {
      const stranger = await watch((await world.account()).api.token);
      const hidden = await world.operation(user, [registered], { visibility: 'private' });
      for (const bad of [
        undefined,
        null,
        'x',
        {},
        { operation: 1 },
        { account: false },
        { operation: hidden.id, account: true },
      ]) {
        expect((await stranger.ask('subscribe', bad)).error?.code).toBe('invalid_request');
      }
      for (const none of [
        { operation: hidden.id },
        { operation: 'x' },
        { probe: '6720a1b2c3d4e5f6000000b2' },
      ]) {
        expect((await stranger.ask('subscribe', none)).error?.code).toBe('not_found');
      }
    });
  });

  describe('as server-sent events', () => {
    /** @returns what has come so far, and a way to hang up */
    async function stream(id: string, query = '', last?: string) {
      const hangUp = new AbortController();
      const response = await fetch(`${world.server.url}/api/v1/operations/${id}/events${query}`, {
        headers: {
          authorization: `Bearer ${user.api.token ?? ''}`,
          ...(last !== undefined && { 'last-event-id': last }),
        },
        signal: hangUp.signal,
      });
      const got = { response, text: '', ended: false };
      const reading = (async () => {
        for await (const chunk of response.body!) got.text += Buffer.from(chunk as Uint8Array).toString();
        got.ended = true;
      })();
      reading.catch(() => {
        got.ended = true;
      });
      return {
        got,
        hangUp: () => {
          hangUp.abort();
        },
      };
    }

    it('begins at once, and shows the same', async () => {
      const { id } = await world.operation(user, [registered]);
      const { got, hangUp } = await stream(id);
      expect(got.response.status).toBe(200);
      expect(got.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      await probe.told(id);
      await probe.results([pingResult(id, SCHEDULED)]);
      const event = await until(
        'the result',
        () => /event: result\n(?:id: .*\n)?data: (.*)\n/.exec(got.text)?.[1],
      );
      expect(JSON.parse(event)).toMatchObject({
        operation_id: id,
        probe_id: registered.id,
        outcome: 'stored',
      });
      hangUp();
      await until('the end', () => got.ended);
    });

    it('goes on after any event: each result once, and says so where it cannot', async () => {
      const { id } = await world.operation(user, [registered], {
        schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 600_000).toISOString() },
      });
      await probe.told(id);
      const path = `/api/v1/operations/${id}/events`;
      const first = await stream(id);
      const runs = Array.from({ length: 6 }, (_, n) => `2026-01-01T00:0${n}:00.000Z`);
      await until('the place where it begins', () => first.got.text.includes('id: '));
      for (const run of runs) await probe.results([pingResult(id, run)]);
      const eventsOf = (text: string) =>
        [...text.matchAll(/event: result\nid: (\S+)\ndata: (.*)\n/g)].map(([, position, data]) => ({
          position,
          run: (JSON.parse(data ?? '') as { scheduled_at: string }).scheduled_at,
        }));
      const all = await until('all', () => {
        const events = eventsOf(first.got.text);
        return events.length === runs.length && events;
      });
      expect(all.map(({ run }) => run)).toEqual(runs);
      first.hangUp();
      for (const [index, { position }] of all.entries()) {
        const again = await stream(id, `?since=${position ?? ''}`);
        const rest = runs.slice(index + 1);
        await until('the rest', () => eventsOf(again.got.text).length >= rest.length);
        await probe.results([pingResult(id, runs[index]!)]);
        expect(eventsOf(again.got.text).map(({ run }) => run)).toEqual(rest);
        again.hangUp();
      }
      for (const nowhere of ['999999999-6720a1b2c3d4e5f6000000d4', '7']) {
        const lost = await stream(id, '', nowhere);
        await until('the word', () => /event: lost\nid: \S+\ndata: {"detail":"/.test(lost.got.text));
        lost.hangUp();
      }
      for (const bad of ['7', 'x', '']) expect((await user.api.get(`${path}?since=${bad}`)).status).toBe(400);
    });

    it('says who may not', async () => {
      const { id } = await world.operation(user, [registered], { visibility: 'private' });
      const path = `/api/v1/operations/${id}/events`;
      expect((await world.api.get(path)).status).toBe(401);
      expect((await (await world.account()).api.get(path)).status).toBe(404);
      expect((await user.api.get('/api/v1/operations/x/events')).status).toBe(404);
    });
  });
});
