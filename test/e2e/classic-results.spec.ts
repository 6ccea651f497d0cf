import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { create, daily, gzipResult, type Kind, UNKNOWN_ID } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

const REWARD = 10;

let world: ClassicWorld;
let ada: Person;
let bob: Person;
/** Bob's; Ada pays. */
let probe: FieldedProbe;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(10_000);
  bob = await world.person();
  probe = await world.fieldedProbe(bob);
});

afterAll(() => world.stop());

/** Bob's balance before the test. */
let before: number;

beforeEach(async () => {
  before = await world.balance(bob);
});

const earned = async (): Promise<number> => (await world.balance(bob)) - before;
const newOperation = async (kind: Kind = 'dns', runs = 1): Promise<string> =>
  (await create(ada.api, kind, [probe.identifier], runs > 1 ? daily(runs) : {}))._id;
const shown = async (id: string) => (await world.operation(id)).results;

describe('a result', () => {
  test('is stored, paid to the owner of the probe, and then acknowledged with the id alone', async () => {
    const id = await newOperation();
    const answer = await probe.deliver(gzipResult(id, { content: gzipSync('93.184.215.14\n') }));
    expect(answer).toEqual([id]);
    expect(await earned()).toBe(REWARD);
    expect(await shown(id)).toEqual([{ probe: probe.identifier, results: '93.184.215.14\n' }]);
  });

  test('with a duplicate unique_code is acknowledged and earns nothing, whatever is in it', async () => {
    const id = await newOperation();
    const result = gzipResult(id);
    await probe.deliver(result);
    expect(await probe.deliver(result)).toEqual([id]);
    expect(await probe.deliver({ ...result, content: gzipSync('other') })).toEqual([id]);
    expect(await earned()).toBe(REWARD);
    expect(await shown(id)).toEqual([{ probe: probe.identifier, results: '; <<>> DiG <<>> example.org\n' }]);
  });

  test('sent twenty times at once is stored and paid once, and each is acknowledged', async () => {
    const id = await newOperation();
    const result = gzipResult(id);
    const answers = await Promise.all(Array.from({ length: 20 }, () => probe.deliver(result)));
    expect(answers).toEqual(Array(20).fill([id]));
    expect(await earned()).toBe(REWARD);
    expect(await shown(id)).toHaveLength(1);
  });

  test('of 300 in flight: each is acknowledged with its own id, stored and paid', async () => {
    const ids = await Promise.all([
      newOperation('dns', 100),
      newOperation('dns', 100),
      newOperation('dns', 100),
    ]);
    const sent = Array.from({ length: 300 }, (_, index) => ids[index % 3] ?? '');
    const answers = await Promise.all(sent.map((id) => probe.deliver(gzipResult(id))));
    expect(answers).toEqual(sent.map((id) => [id]));
    expect(await earned()).toBe(300 * REWARD);
    expect(await Promise.all(ids.map(async (id) => (await shown(id)).length))).toEqual([100, 100, 100]);
  });

  test('beyond the runs that were asked for is stored and shown, and earns nothing', async () => {
    const id = await newOperation('dns', 3);
    const sent = Array.from({ length: 10 }, () => gzipResult(id));
    expect(await Promise.all(sent.map((each) => probe.deliver(each)))).toEqual(sent.map(() => [id]));
    expect(await earned()).toBe(3 * REWARD);
    expect(await shown(id)).toHaveLength(10);
    await probe.deliver(gzipResult(id));
    expect(await earned()).toBe(3 * REWARD);
  });

  test('in a format that its kind does not have is acknowledged, not stored, not paid', async () => {
    const [dns, ping] = [await newOperation('dns'), await newOperation('ping')];
    expect(await probe.deliver(gzipResult(dns, { format: 'warts' }))).toEqual([dns]);
    expect(await probe.deliver(gzipResult(ping, { format: 'gzip' }))).toEqual([ping]);
    expect([await shown(dns), await shown(ping), await earned()]).toEqual([[], [], 0]);
  });

  test('with the same unique_code in two operations is two results', async () => {
    const [one, other] = [await newOperation(), await newOperation()];
    const result = gzipResult(one);
    await probe.deliver(result);
    await probe.deliver({ ...result, operation_id: other });
    expect(await earned()).toBe(2 * REWARD);
    expect(await shown(other)).toHaveLength(1);
  });

  test('with the same unique_code of two probes is two results', async () => {
    const second = await world.fieldedProbe(bob);
    const { _id: id } = await create(ada.api, 'dns', [probe.identifier, second.identifier]);
    const result = gzipResult(id);
    await probe.deliver(result);
    await second.deliver(result);
    expect(await earned()).toBe(2 * REWARD);
    const probes = (await shown(id)).map((item) => item.probe);
    expect(probes.sort()).toEqual([probe.identifier, second.identifier].sort());
  });

  test('of 6.8 MB arrives', async () => {
    const id = await newOperation();
    const content = gzipSync(randomBytes(6_800_000).toString('latin1'), { level: 0 }).subarray(0, 6_800_000);
    expect(await probe.deliver(gzipResult(id, { content }))).toEqual([id]);
    expect(await earned()).toBe(REWARD);
    expect(probe.socket.connected).toBe(true);
  });

  test('whose sender waits for no acknowledgement is stored all the same', async () => {
    const id = await newOperation();
    probe.socket.emit('results', gzipResult(id));
    await probe.deliver(gzipResult(id));
    expect(await shown(id)).toHaveLength(2);
  });
});

describe('text of dig', () => {
  test.each([
    ['empty, which is normal', '', ''],
    ['of other scripts', 'bücher 日本\n', 'bücher 日本\n'],
    ['that looks like markup', '<b>&</b>\u0001\n', '<b>&</b>\u0001\n'],
  ])('%s', async (_what, text, expected) => {
    const id = await newOperation();
    expect(await probe.deliver(gzipResult(id, { content: gzipSync(text) }))).toEqual([id]);
    expect(await shown(id)).toEqual([{ probe: probe.identifier, results: expected }]);
  });

  test('a bomb of 256 MB is acknowledged and does not end the server', async () => {
    const id = await newOperation();
    const content = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    expect(await probe.deliver(gzipResult(id, { content }))).toEqual([id]);
    expect((await world.api.get('/probes')).status).toBe(200);
  });
});

describe('a result that cannot be decoded is stored, shown, paid and acknowledged', () => {
  test.each([
    ['gzip', 'no gzip at all', Buffer.from('this is no gzip')],
    ['gzip', 'nothing', Buffer.alloc(0)],
    ['gzip', 'a damaged one', gzipSync('x'.repeat(1000)).subarray(0, 15)],
    ['warts', 'no warts at all', Buffer.from('this is no warts')],
    ['warts', 'nothing', Buffer.alloc(0)],
    ['warts', 'noise', randomBytes(2000)],
    ['warts', 'a length of 4 GB', Buffer.from('12050001ffffffff', 'hex')],
  ])('%s: %s', async (format, _what, content) => {
    const id = await newOperation(format === 'warts' ? 'ping' : 'dns');
    const result = gzipResult(id, { format, content });
    expect(await probe.deliver(result)).toEqual([id]);
    expect(await probe.deliver(result)).toEqual([id]);
    expect(await earned()).toBe(REWARD);
    const results = await shown(id);
    expect(results.map((item) => item.probe)).toEqual([probe.identifier]);
    const empty = format === 'warts' ? [[]] : [expect.any(String)];
    expect(results.map((item) => item.results)).toEqual(empty);
  });

  test('gzip cut in the middle: what came before the damage is shown', async () => {
    const id = await newOperation();
    const text = randomBytes(50_000).toString('hex');
    const content = gzipSync(text);
    await probe.deliver(gzipResult(id, { content: content.subarray(0, content.length / 2) }));
    const [result] = await shown(id);
    const part = result?.results as string;
    expect(part.length).toBeGreaterThan(1000);
    expect(text.startsWith(part)).toBe(true);
  });
});

describe('a result that can never be stored is acknowledged with its id, not stored, not paid', () => {
  test.each([
    ['of an operation that does not exist', () => UNKNOWN_ID],
    ['of an id that is none', () => 'nobody'],
    ['of an empty id', () => ''],
  ])('%s', async (_what, id) => {
    expect(await probe.deliver(gzipResult(id()))).toEqual([id()]);
    expect(await earned()).toBe(0);
  });

  test('of a probe that was not assigned', async () => {
    const stranger = await world.fieldedProbe(bob);
    const id = await newOperation();
    expect(await stranger.deliver(gzipResult(id))).toEqual([id]);
    expect(await earned()).toBe(0);
    expect(await shown(id)).toEqual([]);
  });

  test.each([
    ['no unique_code', { unique_code: undefined }],
    ['an operator as unique_code', { unique_code: { $gt: '' } }],
    ['an endless unique_code', { unique_code: 'x'.repeat(100_000) }],
    ['no format', { format: undefined }],
    ['another format', { format: 'exe' }],
    ['no content', { content: undefined }],
    ['content that is an object', { content: { $gt: '' } }],
  ])('with %s', async (_what, wrong) => {
    const id = await newOperation();
    const answer = await probe.send('results', { ...gzipResult(id), ...wrong });
    expect(answer).toEqual([id]);
    expect(await earned()).toBe(0);
    expect(await shown(id)).toEqual([]);
  });
});

describe('a message that names no operation is answered, and the connection stands', () => {
  test.each([[null], [7], ['x'], [[]], [{}], [{ operation_id: 7 }], [{ operation_id: { $gt: '' } }]])(
    '%j',
    async (message) => {
      const [answer] = await probe.send('results', message);
      expect(answer).toEqual(expect.anything());
      expect(probe.socket.connected).toBe(true);
      expect(await earned()).toBe(0);
    },
  );

  test('an event that is none of the contract changes nothing', async () => {
    probe.socket.emit('drop_everything', { unique_code: randomUUID() });
    const id = await newOperation();
    expect(await probe.deliver(gzipResult(id))).toEqual([id]);
  });
});
