import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { type Account, ApiWorld, type Page } from '../support/api-world.js';
import { until } from '../support/until.js';

interface Session {
  protocol: string;
  from: string;
  to: string | null;
  duration_s: number;
  reason: string | null;
  server: string | null;
}

const HOUR_MS = 3_600_000;

describe('sessions of a probe', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account();
  });
  afterAll(() => world.stop());

  const path = (id: string, query = '') => `/api/v1/probes/${id}/sessions?${query}`;

  it('are shown newest first: since when, until when, why', async () => {
    const registered = await world.probe(user);
    const first = await world.connect(registered);
    await world.connect(registered);
    await until('the older connection to end', () => first.ended);
    const { body } = await user.api.get<Page<Session>>(path(registered.id));
    const [standing, older] = body.items;
    expect(body.items).toHaveLength(2);
    expect(standing).toMatchObject({ protocol: 'native' });
    expect(standing).toMatchObject({ to: null, reason: null, server: null });
    expect(older).toMatchObject({ protocol: 'native', reason: 'taken over', to: standing?.from });
    const lasted = Date.parse(older?.to ?? '') - Date.parse(older?.from ?? '');
    expect(older?.duration_s).toBe(lasted / 1_000);
    expect(older?.server).toBeNull();
  });

  it('are shown to superusers with the server that had them', async () => {
    const registered = await world.probe(user);
    await world.connect(registered);
    const { body } = await world.superuser.get<Page<Session>>(path(registered.id));
    expect(body.items.map(({ server }) => server)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  it('come page by page, also those that began in one millisecond', async () => {
    const { id } = await world.probe(user);
    const now = Date.now();
    const begun = [9, 8, 7, 7, 7, 2, 1].map((hours) => new Date(now - hours * HOUR_MS));
    await world.database.collection('sessions').insertMany(
      begun.map((from, n) => ({
        probe: new mongoose.mongo.ObjectId(id),
        server: 'another',
        protocol: 'classic',
        from,
        to: new Date(from.getTime() + 1_500),
        reason: `number ${n}`,
      })),
    );
    const pages = await user.api.pages<Session>(path(id, 'limit=2'));
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
    const all = pages.flat();
    expect(all.map(({ from }) => from)).toEqual(begun.map((from) => from.toISOString()).reverse());
    expect(new Set(all.map(({ reason }) => reason)).size).toBe(7);
    expect(new Set(all.map(({ duration_s }) => duration_s))).toEqual(new Set([1.5]));
  });

  it('are refused where there is nothing to show', async () => {
    const { id } = await world.probe(user);
    expect((await user.api.get<Page<Session>>(path(id))).body).toEqual({ items: [], next: null });
    expect((await user.api.get(path('0'.repeat(24)))).status).toBe(404);
    expect((await user.api.get(path('x'))).status).toBe(404);
    expect((await user.api.get(path(id, 'limit=0'))).status).toBe(400);
    expect((await user.api.get(path(id, 'cursor=x'))).status).toBe(400);
    expect((await world.api.get(path(id))).status).toBe(401);
  });

  it('are removed by the database 400 days after their end', async () => {
    const indexes = await world.database.collection('sessions').indexes();
    expect(indexes.find(({ key }) => 'to' in key && Object.keys(key).length === 1)).toMatchObject({
      expireAfterSeconds: 400 * 86_400,
    });
  });
});
