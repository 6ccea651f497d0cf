import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Collection, type Connection } from 'mongoose';
import { type RenewalEntity } from '../../src/core/results/renewal/renewal.schema.js';
import { FORMATS, RESULT_FORMATS, type ResultFormat } from '../../src/measurement/kinds/result-formats.js';
import { RenewalService, RULES } from '../../src/core/results/renewal/renewal.service.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { FORMER_DOCUMENTS, formerResults, RENEWED } from '../support/stored-results.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const go = new AbortController().signal;

describe('the renewal of stored summaries', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let results: Collection<ResultEntity>;
  let notes: Collection<RenewalEntity>;

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
    const connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
    results = connection.collection<ResultEntity>('results');
    notes = connection.collection<RenewalEntity>('renewals');
  });
  beforeEach(async () => {
    await results.deleteMany({});
    await notes.deleteMany({});
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const work = (signal = go, now = new Date(), server = 0) =>
    servers[server]!.get(RenewalService).work(signal, now);
  const note = async () => (await notes.findOne({ _id: RULES }))!;
  const longAgo = () => new Date(Date.now() - 10 * MINUTE);
  const summaries = async () =>
    (await results.find().sort({ _id: 1 }).toArray()).map(({ summary }) => summary);
  const renewed = (count: number) => Array.from({ length: count }, (_, n) => RENEWED[n % 2]);

  it('has nothing to do on an empty platform, for good', async () => {
    expect(await work()).toBe(true);
    expect(await note()).toMatchObject({ looked_at: 0, changed: 0, done_at: expect.any(Date) as unknown });
  });

  it('derives all of them from the raw bytes', async () => {
    await results.insertMany(formerResults(50, longAgo()));
    expect(await work()).toBe(false);
    expect(await summaries()).toEqual(renewed(50));
    expect(await note()).toMatchObject({ looked_at: 50, changed: 50 });
    const [ping] = await results.find({ 'summary.errors.icmp_type': 3 }).limit(1).toArray();
    expect(ping!.summary![0]).toMatchObject({ received: 0, loss: 1, rtt_avg_ms: null });
  });

  it.each(Object.keys(FORMER_DOCUMENTS) as ResultFormat[])('derives those of %s as well', async (format) => {
    const { raw, former, summary } = FORMER_DOCUMENTS[format]!;
    const stored = formerResults(3, longAgo()).map((each) => ({ ...each, format, raw, summary: [former] }));
    await results.insertMany(stored);
    await work();
    expect(await summaries()).toEqual([[summary], [summary], [summary]]);
    expect(await results.distinct('summary_rules')).toEqual([FORMATS[format].rules]);
    expect(await note()).toMatchObject({ looked_at: 3, changed: 3 });
  });

  it('knows of each format which rules made a summary', () => {
    // of each format whose rules have changed there is an example
    expect(Object.keys(FORMER_DOCUMENTS).sort()).toEqual(
      RESULT_FORMATS.filter((format) => FORMATS[format].rules > 1 && format !== 'warts').sort(),
    );
  });

  it('leaves alone what has present ones, runs without a result and what is on its way in', async () => {
    const [former, present, failed, young] = [
      formerResults(1, longAgo()),
      formerResults(2, new Date(Date.now() - 20 * MINUTE)),
      formerResults(3, new Date(Date.now() - 30 * MINUTE)),
      formerResults(1, new Date()),
    ];
    for (const each of present) each.summary_rules = FORMATS.warts.rules;
    for (const each of failed) {
      each.outcome = 'failed';
      delete each.format;
      delete each.raw;
    }
    await results.insertMany([...former, ...present, ...failed, ...young]);
    await work();
    expect(await note()).toMatchObject({ looked_at: 1, changed: 1 });
    for (const each of [...present, ...failed, ...young]) {
      expect(await results.findOne({ _id: each._id })).toMatchObject({ summary: each.summary });
    }
  });

  it('says of damaged bytes what is wrong with them, and no more of those that can be read now', async () => {
    const [cut, whole, untold] = formerResults(3, longAgo());
    untold!.decode_error = 'destinations.0.address: not valid';
    cut!.raw = Buffer.from(cut!.raw as Buffer).subarray(0, 40);
    whole!.decode_error = 'ping without a source or a destination (record 3, byte 120)';
    whole!.summary = [];
    await results.insertMany([cut!, whole!, untold!]);
    await work();
    expect(await results.findOne({ _id: cut!._id })).toMatchObject({
      summary: [],
      decode_error: expect.stringContaining('inside a record') as unknown,
    });
    const read = await results.findOne({ _id: whole!._id });
    expect(read?.summary).toEqual(RENEWED[1]);
    expect(read).not.toHaveProperty('decode_error');
    // that is no matter of the raw bytes
    expect(await results.findOne({ _id: untold!._id })).toMatchObject({
      summary: RENEWED[0],
      decode_error: untold!.decode_error,
    });
  });

  it('is taken up by another server where it was broken off', async () => {
    const count = 2000;
    await results.insertMany(formerResults(count, longAgo()));
    const first = new AbortController();
    const working = work(first.signal);
    await until('a step is done', async () => ((await notes.findOne({ _id: RULES }))?.changed ?? 0) > 0);
    first.abort();
    expect(await working).toBe(false);
    const broken = await note();
    expect(broken).not.toHaveProperty('caught_up_at');
    expect(broken.changed).toBeLessThan(count);
    await work(go, new Date(), 1);
    expect(await summaries()).toEqual(renewed(count));
    // what was done and not noted was right already, and is not written again
    const { looked_at, changed } = await note();
    expect(looked_at).toBe(changed);
    expect(changed).toBeLessThanOrEqual(count);
  });

  it('looks for a day for what a server of before has stored meanwhile', async () => {
    await results.insertMany(formerResults(2, longAgo()));
    await work();
    const caughtUp = (await note()).caught_up_at!;
    const later = new Date(caughtUp.getTime() + DAY - MINUTE);
    await results.insertMany(formerResults(2, new Date(later.getTime() - 10 * MINUTE)));
    expect(await work(go, later)).toBe(false);
    expect(await summaries()).toEqual([...renewed(2), ...renewed(2)]);
    expect((await note()).caught_up_at).toEqual(caughtUp);
    expect(await work(go, new Date(caughtUp.getTime() + DAY))).toBe(true);
    expect(await work(go, new Date(caughtUp.getTime() + 2 * DAY))).toBe(true);
  });
});
