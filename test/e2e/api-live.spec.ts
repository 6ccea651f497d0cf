import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Account, ApiWorld, firstRunOf, PASSWORD, type Registered } from '../support/api-world.js';
import { Pladmed } from '../support/command.js';
import { failedRun, ntpResult, pingResult, type NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';
import { Listener, Watcher } from '../support/watcher.js';

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

  it('tells over both what changes, which the API has as well, for those who may see it', async () => {
    const { id } = await world.operation(user, [registered], {
      kind: 'ntp',
      visibility: 'private',
      schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 600_000).toISOString() },
    });
    const watcher = await watch(user.api.token);
    await watcher.ask('subscribe', { operation: id });
    const listener = await Listener.open(world.server.url, user.api.token, id);
    await until('the stream', () => listener.text.includes('id: '));
    await probe.told(id);
    // eight runs are learned, seven others make a change (docs/data.md)
    for (let n = 0; n < 15; n += 1)
      await probe.results([ntpResult(id, `2026-01-01T00:00:${10 + n}.000Z`, n < 8 ? 2 : 3)]);
    const event = await watcher.event('change');
    const told = {
      type: 'ntp_server',
      destination: '192.0.2.1',
      before: { servers: [{ stratum: 2, leap: 0 }] },
      after: { servers: [{ stratum: 3, leap: 0 }] },
      since: '2026-01-01T00:00:18.000Z',
      probe_count: 1,
    };
    expect(event).toMatchObject({ ...told, operation_id: id, probe_id: registered.id, back_at: null });
    await until('the event', () => listener.events('change').length > 0);
    expect(listener.events('change')).toEqual([event]);
    listener.close();

    const path = `/api/v1/operations/${id}/changes`;
    const page = await user.api.get<{ items: { id: string; probes: object[] }[] }>(path);
    expect(page.body).toMatchObject({
      items: [{ ...told, id: event['change_id'], probes: [{ probe_id: registered.id, back_at: null }] }],
      next: null,
    });
    const found = async (query: string) => (await user.api.get<typeof page.body>(query)).body.items.length;
    for (const [filter, count] of [
      ['type=ntp_server&type=path', 1],
      ['type=path', 0],
      [`probe=${registered.id}`, 1],
      [`probe=${id}`, 0],
      ['destination=192.0.2.1', 1],
      ['destination=192.0.2.2', 0],
      ['from=2026-01-01T00:00:18Z&to=2026-01-01T00:00:19Z', 1],
      ['to=2026-01-01T00:00:18Z', 0],
      ['order=desc', 1],
    ] as const) {
      expect([filter, await found(`${path}?${filter}`)]).toEqual([filter, count]);
      expect([filter, await found(`/api/v1/changes?mine=true&${filter}`)]).toEqual([filter, count]);
    }
    for (const bad of [
      'type=none',
      'probe=x',
      'from=yesterday',
      'order=up',
      'limit=0',
      'cursor=x',
      'unknown=1',
    ])
      expect([bad, (await user.api.get(`${path}?${bad}`)).status]).toEqual([bad, 400]);
    const other = await world.account();
    expect((await other.api.get(path)).status).toBe(404);
    expect((await other.api.get(`/api/v1/changes?operation=${id}`)).status).toBe(404);
    const theirs = await other.api.get<typeof page.body>('/api/v1/changes');
    expect(theirs.body.items.filter((item) => item.id === event['change_id'])).toEqual([]);
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

  describe('to the command pladmed', () => {
    let pladmed: Pladmed;
    beforeAll(() => {
      pladmed = new Pladmed({ PLADMED_SERVER: world.server.url, PLADMED_TOKEN: user.api.token ?? '' });
    });
    afterAll(() => pladmed.remove());

    /** The operation that the probe was told of last, when it is. */
    async function told() {
      return until('the operation', () => probe.syncs.flatMap(({ operations }) => operations).at(-1));
    }
    const dueAt = ({ schedule }: { schedule: Record<string, unknown> }) => String(schedule['at']);

    it('measures: a row for a result, 0; a sentence for a failed run, 1, and no byte of it is obeyed', async () => {
      const args = ['measure', 'ping', '192.0.2.1', '--from', registered.id, '--probecount', '2'];
      const good = pladmed.start(args);
      const operation = await told();
      expect(operation.params).toMatchObject({ ips: ['192.0.2.1'], probecount: 2 });
      await probe.results([pingResult(operation.operation_id, dueAt(operation))]);
      const { code, out, err } = await good.ended;
      expect({ code, err }).toEqual({
        code: 0,
        err: expect.stringMatching(/^ping [0-9a-f]{24}: 1 credit .*\n1 result, 0 failed runs, of 1 run\n$/),
      });
      expect(out).toMatch(/^PROBE +TARGET .*\n[0-9a-f]{24} .* [▁-█·]+/);

      const bad = pladmed.start([...args, '--json']);
      const next = await until('the next one', async () => {
        const last = await told();
        return last.operation_id !== operation.operation_id && last;
      });
      await probe.failed([failedRun(next.operation_id, dueAt(next), { detail: 'it said \u001b[31m' })]);
      const failed = await bad.ended;
      const lines = failed.out.trim().split('\n');
      const [made, result, over] = lines.map(
        (line) => JSON.parse(line) as Record<string, { id?: string; state?: string }>,
      );
      expect([failed.code, made?.['operation']?.id, over?.['operation']?.id]).toEqual([
        1,
        next.operation_id,
        next.operation_id,
      ]);
      expect(result?.['result']).toMatchObject({
        outcome: 'failed',
        failure: { detail: 'it said \u001b[31m' },
      });
      const read = await pladmed.run(['results', next.operation_id]);
      expect(read.out).toContain('failed (timeout): it said \\x1b[31m');
      expect(failed.out + read.out).not.toContain('\u001b');
    });

    it('says what goes on when it is interrupted', async () => {
      const running = pladmed.start(['measure', 'ping', '192.0.2.1', '--from', registered.id, '--json']);
      await until('the operation', () => running.soFar().includes('\n'));
      const { operation_id: id } = await told();
      running.signal('SIGINT');
      const { code, err } = await running.ended;
      expect(code).toBe(130);
      expect(err).toContain(`pladmed operations stop ${id}`);
      expect((await pladmed.run(['operations', 'stop', id])).out).toMatch(/state +stopped/);
    });

    it('follows without a gap across a connection that is cut', async () => {
      const stop = new Date(Date.now() + 600_000).toISOString();
      const { id } = await world.operation(user, [registered], {
        schedule: { type: 'interval', every_s: 60, stop },
      });
      await probe.told(id);
      const proxy = await Proxy.start(Number(new URL(world.server.url).port));
      const follow = pladmed.start(['follow', id, '--since', '0-', '--count', '4', '--json'], {
        settings: { PLADMED_SERVER: proxy.url },
      });
      const runs = Array.from({ length: 4 }, (_, n) => `2026-01-01T00:0${n}:00.000Z`);
      await probe.results([pingResult(id, runs[0]!)]);
      await until('the first', () => follow.soFar().includes('\n'));
      proxy.cut();
      await probe.results([pingResult(id, runs[1]!)]);
      await probe.results([pingResult(id, runs[2]!)]);
      await until('the third', () => follow.soFar().split('\n').length > 3);
      proxy.cut();
      await probe.results([pingResult(id, runs[3]!)]);
      const { code, out, err } = await follow.ended;
      await proxy.stop();
      const events = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { data: { scheduled_at: string } });
      expect([code, events.map(({ data }) => data.scheduled_at)]).toEqual([0, runs]);
      expect(err).toMatch(/Cut off/);
    });

    it('writes a file when it is whole, and none when it breaks off', async () => {
      const operation = await world.operation(user, [registered]);
      await probe.told(operation.id);
      await probe.results([pingResult(operation.id, firstRunOf(operation))]);
      const file = join(pladmed.configFolder, 'results.csv');
      const whole = await pladmed.run(['results', operation.id, '--format', 'csv', '-o', file]);
      expect([whole.code, whole.out, readFileSync(file, 'utf8').split('\n')[0]]).toEqual([
        0,
        '',
        expect.stringMatching(/^result_id,operation_id,/),
      ]);
      const breaks = createHttpServer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/csv' });
        response.write('result_id\n', () => response.destroy());
      });
      await new Promise<void>((resolve) => breaks.listen(0, '127.0.0.1', resolve));
      const PLADMED_SERVER = `http://127.0.0.1:${(breaks.address() as AddressInfo).port}`;
      const half = join(pladmed.configFolder, 'half.csv');
      const broken = await pladmed.run(['export', operation.id, '--format', 'csv', '-o', half], {
        settings: { PLADMED_SERVER },
      });
      expect([broken.code, existsSync(half), existsSync(`${half}.part`)]).toEqual([5, false, false]);
      expect(broken.err).toMatch(/broke off after .*half\.csv is not written/);
      const toStdout = await pladmed.run(['export', operation.id, '--format', 'csv'], {
        settings: { PLADMED_SERVER },
      });
      expect([toStdout.code, toStdout.out]).toEqual([5, 'result_id\n']);
      breaks.close();
    });

    it('ends quietly where nobody reads on', async () => {
      const running = pladmed.start(['measure', 'ping', '--help']);
      running.closeStdout();
      expect(await running.ended).toMatchObject({ code: 0, err: '' });
    });

    it('keeps a token for its owner alone, and for its server alone', async () => {
      const settings = { PLADMED_TOKEN: '', PLADMED_SERVER: '' };
      const login = (password: string) =>
        pladmed.run(['login', world.server.url, '--email', user.email, '--password-stdin'], {
          input: `${password}\n`,
          settings,
        });
      expect(await login('wrong')).toMatchObject({ code: 3, out: '' });
      expect((await pladmed.run(['probes'], { settings })).code).toBe(2);
      expect(await login(PASSWORD)).toMatchObject({ code: 0, out: '' });
      const file = join(pladmed.configFolder, 'pladmed/login.json');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const mine = await pladmed.run(['probes', '--mine', '--json'], { settings });
      expect([mine.code, mine.out.split('\n').length > 1]).toEqual([0, true]);
      expect((await pladmed.run(['probes', '--server', 'http://127.0.0.1:1'], { settings })).code).toBe(3);
      expect((await pladmed.run(['logout'], { settings })).code).toBe(0);
      expect(existsSync(file)).toBe(false);
    });

    it('ends with a code for each kind of mistake', async () => {
      const none = '6720a1b2c3d4e5f6000000b2';
      const codes: [number, string[], Record<string, string>?][] = [
        [2, ['measure', 'ping', '192.0.2.1', '--probecount', '1000']],
        [2, ['measure', 'ping', '192.0.2.1', '--every', '1m']],
        [2, ['measure', 'ping', 'not an address']],
        [3, ['probes'], { PLADMED_TOKEN: 'x' }],
        [4, ['operations', 'show', none]],
        [5, ['probes'], { PLADMED_SERVER: 'http://127.0.0.1:1' }],
        [6, ['measure', 'ping', '192.0.2.1', '--from', '3,tag=nowhere']],
      ];
      for (const [code, args, settings = {}] of codes) {
        const ended = await pladmed.run(args, { settings });
        expect([args, ended.code, ended.out]).toEqual([args, code, '']);
        expect(ended.err).not.toBe('');
      }
    });
  });
});

/** Between a client and the server: cuts all that goes through. */
class Proxy {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  static async start(port: number): Promise<Proxy> {
    const server = createServer((client) => {
      const onward = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, onward],
        [onward, client],
      ] as const) {
        proxy.sockets.add(from);
        from.on('error', () => undefined).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    const proxy = new Proxy(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
