import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOCATION } from '../support/classic-factories.js';
import type { Probe } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { until } from '../support/until.js';

let world: ClassicWorld;
let ada: Person;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person();
});

afterAll(() => world.stop());

describe('POST /probes', () => {
  test("answers with the probe's own JWT, which carries its identifier and no expiry", async () => {
    const { status, body } = await ada.api.post<{ token: string }>('/probes', { location: LOCATION });
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(['token']);
    const [, claims = ''] = body.token.split('.');
    const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    expect(decoded).toEqual(expect.objectContaining({ identifier: expect.stringMatching(/^[0-9a-f]{24}$/) }));
    expect(decoded).not.toHaveProperty('exp');
  });

  test.each([
    [-180, -90],
    [180, 90],
    [0, 0],
    [-58.3816, -34.6037],
  ])('takes %d, %d', async (longitude, latitude) => {
    const { status, body } = await ada.api.post<{ token: string }>('/probes', {
      location: { longitude, latitude },
    });
    expect(status).toBe(201);
    const own = await ada.api.get<Probe[]>('/probes/me');
    const found = own.body.find(({ token }) => token === body.token);
    expect(found?.location).toEqual({ longitude, latitude });
  });

  test.each([
    ['no location', {}],
    ['location is null', { location: null }],
    ['location is text', { location: 'here' }],
    ['location is a list', { location: [0, 0] }],
    ['location is an empty list', { location: [] }],
    ['location is a list of one', { location: [LOCATION] }],
    ['no longitude', { location: { latitude: 0 } }],
    ['no latitude', { location: { longitude: 0 } }],
    ['longitude is null', { location: { longitude: null, latitude: 0 } }],
    ['latitude is text', { location: { longitude: 0, latitude: 'north' } }],
    ['latitude is an operator', { location: { longitude: 0, latitude: { $gt: 0 } } }],
    ['longitude below -180', { location: { longitude: -180.001, latitude: 0 } }],
    ['longitude above 180', { location: { longitude: 180.001, latitude: 0 } }],
    ['latitude below -90', { location: { longitude: 0, latitude: -90.001 } }],
    ['latitude above 90', { location: { longitude: 0, latitude: 90.001 } }],
  ])('400: %s', async (_what, wrong) => {
    const before = await ada.api.get<Probe[]>('/probes/me');
    const { status, body } = await ada.api.post('/probes', wrong);
    expect(status).toBe(400);
    expect(body.Error).toMatch(/\w+ \w+/);
    const after = await ada.api.get<Probe[]>('/probes/me');
    expect(after.body).toHaveLength(before.body.length);
  });

  test('400: a number beyond all numbers', async () => {
    const raw = '{"location":{"longitude":1e999,"latitude":0}}';
    expect((await ada.api.send('POST', '/probes', { raw })).status).toBe(400);
  });
});

describe('GET /probes', () => {
  test('lists all probes in order of creation, with these members and no token', async () => {
    const bob = await world.person();
    const first = await world.registerProbe(bob);
    const second = await world.registerProbe(ada);
    const third = await world.registerProbe(bob);
    const { status, text, body } = await world.api.get<Probe[]>('/probes');
    expect(status).toBe(200);
    const identifiers = [first, second, third].map(({ identifier }) => identifier);
    expect(body.slice(-3)).toEqual(
      identifiers.map((identifier, index) => ({
        identifier,
        owner_id: index === 1 ? ada._id : bob._id,
        location: LOCATION,
        connected: false,
      })),
    );
    expect(text).not.toContain(first.token);
  });

  test('tolerates a token, and a bad one too', async () => {
    expect((await ada.api.get('/probes')).status).toBe(200);
    expect((await world.api.as('expired').get('/probes')).status).toBe(200);
  });
});

describe('GET /probes/me', () => {
  test('lists own probes only, each with its token', async () => {
    const bob = await world.person();
    const probe = await world.registerProbe(bob);
    const { status, body } = await bob.api.get('/probes/me');
    expect(status).toBe(200);
    expect(body).toEqual([
      {
        identifier: probe.identifier,
        owner_id: bob._id,
        location: LOCATION,
        connected: false,
        token: probe.token,
      },
    ]);
  });

  test('is empty for one who has none', async () => {
    const bob = await world.person();
    expect((await bob.api.get('/probes/me')).body).toEqual([]);
  });
});

describe('availability', () => {
  test.each([
    [100, 0, 1],
    [100, 25, 0.75],
    [100, 100, 0],
    [3, 1, 1 - 1 / 3],
  ])('total %d, in use %d: %d, in both lists', async (totalCredits, inUseCredits, availability) => {
    const bob = await world.person();
    const probe = await world.fieldedProbe(bob, { totalCredits, inUseCredits });
    expect((await world.listed(probe.identifier))?.availability).toBeCloseTo(availability, 10);
    const own = await bob.api.get<Probe[]>('/probes/me');
    expect(own.body[0]?.availability).toBeCloseTo(availability, 10);
    expect(own.body[0]?.connected).toBe(true);
  });

  test('new_operation and finish_operation move it', async () => {
    const probe = await world.fieldedProbe(ada, { totalCredits: 100, inUseCredits: 10 });
    await probe.send('new_operation', { credits: 40 });
    expect((await world.listed(probe.identifier))?.availability).toBeCloseTo(0.5, 10);
    await probe.send('finish_operation', { credits: 15 });
    expect((await world.listed(probe.identifier))?.availability).toBeCloseTo(0.65, 10);
  });

  test('goes when the probe goes', async () => {
    const probe = await world.fieldedProbe(ada, { totalCredits: 100 });
    probe.close();
    const listed = await until('the probe is listed as gone', async () => {
      const now = await world.listed(probe.identifier);
      return now?.connected === false && now;
    });
    expect(listed).not.toHaveProperty('availability');
  });

  test('a probe that says nothing of credits shows a number, not null', async () => {
    const probe = await world.fieldedProbe(ada, { headers: {} });
    expect((await world.listed(probe.identifier))?.availability).toEqual(expect.any(Number));
  });
});
