import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TooFewProbesError } from '../../src/platform/errors/domain.error.js';
import { EARTH_RADIUS_KM } from '../../src/core/probes/probe-filter.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type ChosenProbe } from '../../src/core/probes/probes.repository.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { type WindowFigures } from '../../src/core/probes/reliability-figures.js';
import { type SelectionRule } from '../../src/core/probes/selection/selection.js';
import { SelectionService } from '../../src/core/probes/selection/selection.service.js';
import { ServersService } from '../../src/core/servers/servers.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';

/** Probes that were made. */
let made = 0;
const KIND = { name: 'ping', notOver: ['classic'] };
const SHARES = [0, 0.5, 0.9, 0.99, 1];
const TAGS = ['fibre', 'as:64500', 'ixp'];
const KINDS = ['ping', 'dns', 'ntp'];
/** Poles and the antimeridian are places like others. */
const PLACES: [number, number][] = [
  [0, 0],
  [3, 4],
  [180, 10],
  [-180, 10],
  [-179, 11],
  [12, 90],
  [-100, 89],
  [50, -90],
  [-58, -34],
  [-58, -34],
];

describe('the choice of probes', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
  });
  afterEach(() => collection().deleteMany({}));
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  function collection() {
    return app.module
      .get<Connection>(getConnectionToken(), { strict: false })
      .collection<ProbeEntity>('probes');
  }

  function choose(rule: SelectionRule, seed = 'seed', kind = KIND): Promise<ChosenProbe[]> {
    return app.get(SelectionService).choose({ ...rule, seed }, { kind });
  }

  const idsOf = (probes: readonly ChosenProbe[]) => probes.map(({ _id }) => String(_id));

  function probe(more: Partial<ProbeEntity> = {}): ProbeEntity {
    return {
      _id: new ObjectId(),
      number: (made += 1),
      owner: new ObjectId(),
      location: { type: 'Point', coordinates: [0, 0] },
      tags: [],
      token_version: 0,
      revision: 1,
      created_at: new Date(),
      capabilities: { protocol: 'native', kinds: ['ping'] },
      ...more,
    };
  }

  function connectedTo(server: string): Partial<ProbeEntity> {
    const session = new ObjectId();
    const since = new Date();
    return {
      connection: { session, server, protocol: 'native', since, total_credits: 1, in_use_credits: 0 },
    };
  }

  function weekly(uptime?: number, share?: number): Partial<ProbeEntity> {
    const window: WindowFigures = {
      from: new Date(),
      due: 100,
      came: 1,
      ...(uptime !== undefined && { uptime }),
      ...(share !== undefined && { share }),
    };
    const none = { from: new Date(), due: 0, came: 0 };
    return { reliability: { at: new Date(), day: none, week: window, month: none } };
  }

  /** Many probes that differ in everything, the same in each run. */
  function population(): ProbeEntity[] {
    const own = app.get(ServersService).ownId;
    const pick = <T>(list: readonly T[], at: number): T => list[at % list.length]!;
    return Array.from({ length: 210 }, (_, n) =>
      probe({
        location: { type: 'Point', coordinates: pick(PLACES, n) },
        tags: TAGS.filter((_tag, bit) => (n >> bit) & 1),
        ...(n % 7 !== 0 && {
          capabilities: {
            protocol: n % 5 === 0 ? 'classic' : 'native',
            kinds: KINDS.filter((_kind, bit) => ((n * 3) >> bit) & 1),
          },
        }),
        ...(n % 3 === 0 && connectedTo(own)),
        ...(n % 3 === 1 && connectedTo('a-server-that-died')),
        ...(n % 11 !== 0 && weekly(pick([undefined, ...SHARES], n), pick([undefined, ...SHARES], n * 5 + 1))),
      }),
    );
  }

  const share = fc.option(fc.constantFrom(...SHARES), { nil: undefined });
  const place = fc.record(
    {
      longitude: fc.integer({ min: -180, max: 180 }),
      latitude: fc.integer({ min: -90, max: 90 }),
      within_km: fc.constantFrom(1.5, 300.5, 3_000.5, 12_000.5, 20_000),
    },
    { requiredKeys: ['longitude', 'latitude'] },
  );
  const rules = fc.record(
    {
      count: fc.integer({ min: 1, max: 30 }),
      connected: fc.boolean(),
      tags: fc.subarray(TAGS),
      near: place,
      kinds: fc.subarray(KINDS),
      min_uptime: share,
      min_share: share,
      window: fc.constantFrom('day', 'week', 'week', 'week'),
    },
    { requiredKeys: ['count'] },
  ) as fc.Arbitrary<SelectionRule>;

  it('always matches the rule, misses nobody who is nearer, and says right why there are too few', async () => {
    const all = population();
    await collection().insertMany(all);
    const own = app.get(ServersService).ownId;
    let [made, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        rules,
        fc.subarray(all),
        fc.boolean(),
        fc.string(),
        async (rule, some, except, seed) => {
          const asked: SelectionRule = { ...rule, ...(except && { exclude: idsOf(some) }) };
          const tests = oracle(asked, own);
          const matching = all.filter((each) => Object.values(tests).every((test) => test(each)));
          // what a preview shows is what there is to choose from, page by page
          const { near, kinds = [], connected, tags, min_uptime, min_share, window } = asked;
          const listed = await pages(
            { connected, tags, min_uptime, min_share, window, near, kinds: [...kinds, KIND.name] },
            30,
          );
          const open = idsOf(
            listed.filter((each) => tests['kind']!(each) && (tests['exclude']?.(each) ?? true)),
          );
          expect(open).toEqual(idsOf(matching));
          if (matching.length < rule.count) {
            refused += 1;
            const { shortage } = await shortageOf(choose(asked, seed));
            expect([shortage.asked, shortage.matching, shortage.registered]).toEqual([
              rule.count,
              matching.length,
              all.length,
            ]);
            expect(
              Object.fromEntries(shortage.conditions.map(({ condition, ...how }) => [condition, how])),
            ).toEqual(
              Object.fromEntries(Object.keys(tests).map((name) => [name, exclusion(tests, name, all)])),
            );
            return;
          }
          made += 1;
          const chosen = idsOf(await choose(asked, seed));
          expect(chosen).toHaveLength(rule.count);
          expect(new Set(chosen).size).toBe(rule.count);
          expect(idsOf(matching)).toEqual(expect.arrayContaining(chosen));
          expect(idsOf(await choose(asked, seed))).toEqual(chosen);
          if (near === undefined) return;
          const distances = (is: boolean) =>
            matching
              .filter((each) => chosen.includes(String(each._id)) === is)
              .map((each) => kmTo(near, each));
          expect(Math.max(...distances(true))).toBeLessThanOrEqual(
            Math.min(Infinity, ...distances(false)) + 1e-6,
          );
        },
      ),
      { numRuns: sized(80, 30) },
    );
    // both happened: one of ten or so draws is of the rarer kind
    expect(Math.min(made, refused)).toBeGreaterThan(0);
  });

  async function pages(filter: Parameters<ProbesService['list']>[0], size: number): Promise<ProbeEntity[]> {
    const found: ProbeEntity[] = [];
    for (;;) {
      const after = found.at(-1)?._id;
      const page = await app.get(ProbesService).list(filter, { limit: size, after });
      found.push(...page);
      if (page.length < size) return found;
    }
  }

  it('is another with another seed, and is spread over all that match', async () => {
    const all = Array.from({ length: 40 }, () => probe());
    await collection().insertMany(all);
    const chosen = await Promise.all(Array.from({ length: 60 }, (_, n) => choose({ count: 4 }, `seed ${n}`)));
    // that one of 40 is never among 60 choices of 4 has a chance of 0.2 %: five are not missed by chance
    expect(new Set(chosen.flatMap(idsOf)).size).toBeGreaterThan(35);
  });

  it('takes only probes that said that they can do it: not those that never came, nor classic ones for what they cannot be told', async () => {
    const classic = probe({ capabilities: { protocol: 'classic', kinds: ['ping'] } });
    const other = probe({ capabilities: { protocol: 'native', kinds: ['dns'] } });
    const native = probe();
    const { capabilities, ...never } = probe();
    expect(capabilities).toBeDefined();
    await collection().insertMany([classic, other, native, never]);
    expect(idsOf(await choose({ count: 1 }))).toEqual(idsOf([native]));
    const both = await choose({ count: 2 }, 'seed', { name: 'ping', notOver: [] });
    expect(idsOf(both)).toEqual(idsOf([classic, native]));
    const { shortage } = await shortageOf(choose({ count: 2 }));
    expect(shortage).toEqual({
      asked: 2,
      matching: 1,
      registered: 4,
      conditions: [{ condition: 'kind', excludes: 3, matching_without: 4 }],
    });
  });

  it('follows the figures as they change, each window by itself', async () => {
    const one = probe(weekly(0.9, 0.8));
    const two = probe(weekly(0.95));
    await collection().insertMany([one, two, probe()]);
    expect(idsOf(await choose({ count: 2, min_uptime: 0.9 }))).toEqual(idsOf([one, two]));
    expect(idsOf(await choose({ count: 1, min_uptime: 0.9, min_share: 0.8 }))).toEqual(idsOf([one]));
    expect((await shortageOf(choose({ count: 1, min_uptime: 0, window: 'day' }))).shortage.matching).toBe(0);
    await collection().updateOne({ _id: one._id }, { $set: { 'reliability.week.uptime': 0.89999 } });
    await collection().updateOne({ _id: two._id }, { $set: { 'reliability.day.uptime': 1 } });
    expect(idsOf(await choose({ count: 1, min_uptime: 0.9 }))).toEqual(idsOf([two]));
    expect(idsOf(await choose({ count: 1, min_uptime: 1, window: 'day' }))).toEqual(idsOf([two]));
  });

  it('counts a probe as connected while its server lives, whichever that is', async () => {
    const servers = app.module
      .get<Connection>(getConnectionToken(), { strict: false })
      .collection<{ _id: string; lease_until: Date }>('servers');
    const here = probe(connectedTo(app.get(ServersService).ownId));
    const there = probe(connectedTo('other'));
    const away = probe();
    await collection().insertMany([here, there, away]);
    const connected = async (is: boolean) => idsOf(await app.get(ProbesService).list({ connected: is }));
    expect(await connected(true)).toEqual(idsOf([here]));
    await servers.insertOne({ _id: 'other', lease_until: new Date(Date.now() + 60_000) });
    expect(await connected(true)).toEqual(idsOf([here, there]));
    expect(await connected(false)).toEqual(idsOf([away]));
    await servers.updateOne({ _id: 'other' }, { $set: { lease_until: new Date(Date.now() - 1) } });
    expect(await connected(false)).toEqual(idsOf([there, away]));
  });

  it('reads few documents where few probes are as reliable as is asked', async () => {
    await collection().insertMany(
      Array.from({ length: 3_000 }, (_, n) => probe(weekly(n < 5 ? 0.999 : 0.5, 0.5))),
    );
    const where = { 'reliability.week.uptime': { $gte: 0.9 } };
    const plan = await collection().find(where).sort({ _id: 1 }).explain('executionStats');
    expect(plan['executionStats'].totalDocsExamined).toBe(5);
  });
});

type Tests = Record<string, (probe: ProbeEntity) => boolean>;

/** What the rule says, in plain words. */
function oracle(rule: SelectionRule, own: string): Tests {
  const {
    connected,
    tags = [],
    near,
    kinds = [],
    min_uptime,
    min_share,
    window = 'week',
    exclude = [],
  } = rule;
  const canDo = ({ capabilities }: ProbeEntity, kind: string) => capabilities?.kinds.includes(kind) === true;
  return {
    kind: (probe) => canDo(probe, KIND.name) && probe.capabilities?.protocol === 'native',
    ...(kinds.length > 0 && { kinds: (probe) => kinds.every((kind) => canDo(probe, kind)) }),
    ...(connected !== undefined && {
      connected: ({ connection }) => (connection?.server === own) === connected,
    }),
    ...(tags.length > 0 && { tags: (probe) => tags.every((tag) => probe.tags.includes(tag)) }),
    ...(near?.within_km !== undefined && { near: (probe) => kmTo(near, probe) <= near.within_km! }),
    ...(min_uptime !== undefined && {
      min_uptime: ({ reliability }) => (reliability?.[window].uptime ?? -1) >= min_uptime,
    }),
    ...(min_share !== undefined && {
      min_share: ({ reliability }) => (reliability?.[window].share ?? -1) >= min_share,
    }),
    ...(exclude.length > 0 && { exclude: ({ _id }) => !exclude.includes(String(_id)) }),
  };
}

function exclusion(tests: Tests, name: string, all: readonly ProbeEntity[]) {
  const others = Object.entries(tests).filter(([other]) => other !== name);
  return {
    excludes: all.filter((probe) => !tests[name]!(probe)).length,
    matching_without: all.filter((probe) => others.every(([, test]) => test(probe))).length,
  };
}

/** Haversine. */
function kmTo(near: { longitude: number; latitude: number }, { location }: ProbeEntity): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [longitude, latitude] = location.coordinates.map(radians) as [number, number];
  const [x, y] = [radians(near.longitude), radians(near.latitude)];
  const h =
    Math.sin((latitude - y) / 2) ** 2 + Math.cos(y) * Math.cos(latitude) * Math.sin((longitude - x) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, h)));
}

async function shortageOf(choice: Promise<unknown>): Promise<TooFewProbesError> {
  try {
    await choice;
  } catch (error) {
    if (error instanceof TooFewProbesError) return error;
    throw error;
  }
  throw new Error('there were enough');
}
