import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, gzipResult, UNKNOWN_ID } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

let world: ClassicWorld;
let ada: Person;
let bob: Person;
let probe: FieldedProbe;
let ofAda: Operation;
let ofBob: Operation;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(1000);
  bob = await world.person(1000);
  probe = await world.fieldedProbe(ada);
  ofAda = await create(ada.api, 'dns', [probe.identifier]);
  ofBob = await create(bob.api, 'dns', [probe.identifier]);
  await probe.deliver(gzipResult(ofBob._id));
});

afterAll(() => world.stop());

describe('GET /operation', () => {
  test('anybody sees an operation with its results', async () => {
    const { status, body } = await world.api.get<Operation>(`/operation?id=${ofBob._id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...ofBob,
      results: [{ probe: probe.identifier, results: '; <<>> DiG <<>> example.org\n' }],
    });
  });

  test('unique_code is never shown', async () => {
    const result = gzipResult(ofBob._id, { unique_code: 'a-code-like-no-other' });
    await probe.deliver(result);
    const all = await Promise.all([
      world.api.get(`/operation?id=${ofBob._id}`),
      bob.api.get('/operations/me'),
      bob.api.get('/operations'),
    ]);
    for (const { text } of all) {
      expect(text).toContain(ofBob._id);
      expect(text).not.toMatch(/unique_code|a-code-like-no-other/);
    }
  });

  test.each([
    ['missing', ''],
    ['empty', '?id='],
    ['bad', '?id=nobody'],
    ['unknown', `?id=${UNKNOWN_ID}`],
    ['12 bytes', '?id=abcdefghijkl'],
    ['too long', `?id=${UNKNOWN_ID}f`],
    ['an operator', '?id[$ne]=x'],
    ['two', `?id=${UNKNOWN_ID}&id=${UNKNOWN_ID}`],
    ['a NUL', '?id=%00'],
    ['no UTF-8', '?id=%ff%fe'],
  ])('404: the id is %s', async (_what, query) => {
    const { status, body } = await world.api.get(`/operation${query}`);
    expect(status).toBe(404);
    expect(body.Error).toMatch(/\w+ \w+/);
  });

  test("404: a probe's id", async () => {
    expect((await world.api.get(`/operation?id=${probe.identifier}`)).status).toBe(404);
  });
});

test("GET /operations/me lists the caller's operations, with results", async () => {
  const { status, body } = await bob.api.get<Operation[]>('/operations/me');
  expect(status).toBe(200);
  expect(body.map(({ _id }) => _id)).toEqual([ofBob._id]);
  expect(body[0]).toEqual(await world.operation(ofBob._id));
  expect(body[0]?.results.length).toBeGreaterThan(0);
});

test('GET /operations/me is empty for one who has none', async () => {
  const eve = await world.person();
  expect((await eve.api.get('/operations/me')).body).toEqual([]);
});

test('GET /operations lists all operations, without the key results', async () => {
  const { status, body } = await ada.api.get<Operation[]>('/operations');
  expect(status).toBe(200);
  const ids = body.map(({ _id }) => _id);
  expect(ids).toEqual(expect.arrayContaining([ofAda._id, ofBob._id]));
  for (const operation of body) {
    expect(Object.keys(operation).sort()).toEqual(['_id', 'credits', 'params', 'probes', 'result_format']);
  }
});

test('more operations than a page of any API are all there', async () => {
  const eve = await world.person(300);
  await Promise.all(Array.from({ length: 250 }, () => create(eve.api, 'dns', [probe.identifier])));
  const own = await eve.api.get<Operation[]>('/operations/me');
  expect(new Set(own.body.map(({ _id }) => _id)).size).toBe(250);
  const all = await eve.api.get<Operation[]>('/operations');
  expect(all.body.length).toBeGreaterThanOrEqual(252);
});
