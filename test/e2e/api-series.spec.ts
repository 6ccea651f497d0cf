import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Account, ApiWorld, type Operation, type Registered } from '../support/api-world.js';
import { dnsResult, failedRun, type NativeProbe, pingResult } from '../support/native-probe.js';
import { openApi } from '../support/openapi-assert.js';
import { until } from '../support/until.js';
import { madePings, type MadePing } from '../support/pings.js';

type Values = (number | null)[] | Record<string, number[]>;
interface OneSeries {
  probe_id: string | null;
  destination: string | null;
  values: Record<string, Values>;
}
interface Answer {
  kind: string;
  from: string;
  to: string;
  bucket: string;
  times: string[];
  behind: { results: number; seconds: number };
  series: OneSeries[];
}

/** What `view=json` shows of a ping. */
interface Exported {
  probe_id: string;
  scheduled_at: string;
  outcome: string;
  off_schedule: boolean;
  summary: { destination: string; sent: number; received: number; duplicates: number }[] | null;
  decoded: { type: string; responses: { rtt: number }[] }[] | null;
}

interface Measured {
  probe: string;
  at: number;
  destination: string;
  sent: number;
  received: number;
  duplicates: number;
  rtts: number[];
}

const DAY_MS = 86_400_000;
/** `make pandas` puts it there, numpy with it. */
const PYTHON = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pladmed/pandas/bin/python');
const NUMPY = `import sys, json, numpy as np
print(json.dumps([[*np.quantile(v, [.05, .25, .5, .75, .95, .99], method="inverted_cdf"), np.mean(v), np.std(v)]
                  for v in json.load(sys.stdin)]))`;

/** @returns for each list numpy's quantiles, mean and standard deviation; undefined where there is no numpy */
function inNumpy(lists: readonly (readonly number[])[]): number[][] | undefined {
  if (!existsSync(PYTHON)) return undefined;
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', NUMPY], {
    input: JSON.stringify(lists),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as number[][];
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** numpy's `inverted_cdf`: of n values in order the one of rank ceil(q n), from 1. */
const quantileOf = (sorted: readonly number[], percent: number) =>
  sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? null;

function expectFigures(values: Record<string, Values>, bucket: number, inside: readonly Measured[]): void {
  const told = (name: string) => (values[name] as (number | null)[])[bucket] ?? null;
  const sum = (of: (each: Measured) => number) => inside.reduce((all, each) => all + of(each), 0);
  const rtts = inside.flatMap((each) => each.rtts).sort((a, b) => a - b);
  const counts = ['entries', 'sent', 'received', 'duplicates', 'rtt_count', 'rtt_min_ms', 'rtt_max_ms'].map(
    told,
  );
  expect(counts).toEqual([
    inside.length,
    sum(({ sent }) => sent),
    sum(({ received }) => received),
    sum(({ duplicates }) => duplicates),
    ...[rtts.length, rtts[0] ?? null, rtts.at(-1) ?? null],
  ]);
  if (rtts.length === 0) {
    expect([told('rtt_mean_ms'), told('rtt_p50_ms')]).toEqual([null, null]);
    return;
  }
  const mean = rtts.reduce((all, each) => all + each, 0) / rtts.length;
  const deviation = Math.sqrt(rtts.reduce((all, each) => all + (each - mean) ** 2, 0) / rtts.length);
  expect(Math.abs(told('rtt_mean_ms')! - mean)).toBeLessThan(0.001);
  expect(Math.abs(told('rtt_stddev_ms')! - deviation)).toBeLessThan(0.001);
  for (const percent of [5, 25, 50, 75, 95, 99]) {
    const [right, found] = [quantileOf(rtts, percent)!, told(`rtt_p${percent}_ms`)!];
    // to a microsecond, which is what is shown
    const error = rtts.length <= 64 ? 0 : 0.01 * right + 0.000_501;
    expect(Math.abs(found - right)).toBeLessThanOrEqual(error);
  }
}

describe('series', () => {
  let world: ApiWorld;
  let user: Account;

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(1_000_000);
  });
  afterAll(() => world.stop());

  /** A run a minute for two days, of which the first was due at the beginning of the day before yesterday. */
  async function minutely(probes: Registered[], more: object = {}) {
    const stop = new Date(Date.now() + 2 * DAY_MS).toISOString();
    const operation = await world.operation(user, probes, {
      schedule: { type: 'interval', every_s: 60, stop },
      ...more,
    });
    const begin = Math.floor(Date.now() / DAY_MS) * DAY_MS - 2 * DAY_MS;
    const { start = '' } = operation.schedule;
    const at = await world.began(operation, Date.parse(start) - begin);
    return { ...operation, at, begin };
  }

  async function connected(): Promise<{ registered: Registered; probe: NativeProbe }> {
    const registered = await world.probe(user);
    return { registered, probe: await world.connect(registered) };
  }

  async function series({ id }: Pick<Operation, 'id'>, query = ''): Promise<Answer> {
    let answer: Answer | undefined;
    await until('the rollups to have all results', async () => {
      const { body, status, text } = await user.api.get<Answer>(`/api/v1/operations/${id}/series?${query}`);
      if (status !== 200) throw new Error(text);
      answer = body;
      return body.behind.results === 0;
    });
    openApi.checkSchema('SeriesDto', answer);
    return answer!;
  }

  it('tells of each bucket what was sent, what came of it, and why nothing did', async () => {
    const { registered, probe } = await connected();
    const operation = await minutely([registered]);
    await probe.told(operation.id);
    const ping = (run: number, rttsUs: number[]) =>
      pingResult(operation.id, operation.at(run), {
        content: madePings([{ sent: 4, answers: rttsUs.map((rttUs, packet) => ({ packet, rttUs })) }]),
      });
    await probe.results([ping(0, [10_000, 11_000, 12_000, 13_000]), ping(1, [20_000]), ping(61, [])]);
    // the same again, and a time at which no run is due: neither is a run
    await probe.results([ping(1, [99_000]), pingResult(operation.id, `${operation.at(2).slice(0, -4)}001Z`)]);
    await probe.failed([failedRun(operation.id, operation.at(2))]);
    const from = operation.at(0);
    const told = await series(operation, `from=${from}&to=${operation.at(180)}&bucket=1h`);
    expect(told).toMatchObject({ kind: 'ping', bucket: '1h', from, to: operation.at(180) });
    expect(told.times).toEqual([0, 60, 120].map((run) => operation.at(run)));
    expect(told.series).toHaveLength(1);
    // numpy 2.4.6, over 10, 11, 12, 13 and 20 ms: np.quantile(..., method='inverted_cdf'), np.mean, np.std
    expect(told.series[0]).toMatchObject({
      probe_id: null,
      values: {
        runs_due: [60, 60, 60],
        runs_received: [2, 1, 0],
        runs_failed: [1, 0, 0],
        runs_missing: [57, 59, 60],
        runs_fates: { not_connected: [57, 59, 60] },
        entries: [2, 1, 0],
        sent: [8, 4, 0],
        received: [5, 0, 0],
        duplicates: [0, 0, 0],
        loss: [0.375, 1, null],
        rtt_count: [5, 0, 0],
        rtt_min_ms: [10, null, null],
        rtt_p5_ms: [10, null, null],
        rtt_p50_ms: [12, null, null],
        rtt_p95_ms: [20, null, null],
        rtt_max_ms: [20, null, null],
        rtt_mean_ms: [13.2, null, null],
        rtt_stddev_ms: [3.544, null, null],
      },
    });
    const before = await series(
      operation,
      `to=${from}&from=${new Date(operation.begin - 7_200_000).toISOString()}&bucket=1h`,
    );
    expect(before.series[0]?.values).toMatchObject({ runs_due: [0, 0], runs_fates: {}, sent: [0, 0] });
    const minutes = await series(operation, `from=${from}&to=${operation.at(3)}`);
    expect(minutes).toMatchObject({ bucket: '1m', series: [{ values: { sent: [4, 4, 0] } }] });
  });

  it('has a series of each probe and destination, and columns of what the kind measures', async () => {
    const [one, two] = [await connected(), await connected()];
    const operation = await minutely([one.registered, two.registered], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
    });
    await one.probe.told(operation.id);
    await one.probe.results([
      dnsResult(operation.id, operation.at(0)),
      dnsResult(operation.id, operation.at(1)),
    ]);
    const range = `from=${operation.at(0)}&to=${operation.at(60)}&bucket=1h`;
    const ofProbes = await series(
      operation,
      `${range}&by=probe&metrics=runs_received,rcodes&metrics=rtt_p50_ms`,
    );
    expect(ofProbes.series).toEqual(
      [
        {
          probe_id: one.registered.id,
          destination: null,
          values: { runs_received: [2], rcodes: { NOERROR: [2] }, rtt_p50_ms: [12.5] },
        },
        {
          probe_id: two.registered.id,
          destination: null,
          values: { runs_received: [0], rcodes: {}, rtt_p50_ms: [null] },
        },
      ].sort((a, b) => (a.probe_id < b.probe_id ? -1 : 1)),
    );
    const both = await series(operation, `${range}&by=both&probe=${one.registered.id}`);
    expect(both.series).toMatchObject([{ probe_id: one.registered.id, destination: 'example.org' }]);
    const csv = await user.api.get<string>(
      `/api/v1/operations/${operation.id}/series?${range}&by=destination&metrics=runs_due,rcodes,rtt_max_ms&format=csv`,
    );
    expect(csv.text).toBe(
      [
        'operation_id,probe_id,destination,at,bucket_s,runs_due,rcodes,rtt_max_ms',
        `${operation.id},,example.org,${operation.at(0)},3600,120,NOERROR=2,12.5`,
        '',
      ].join('\n'),
    );
  });

  /** What was stored, taken away and read as a script would. */
  async function exported({ id }: Operation): Promise<Measured[]> {
    const { text } = await user.api.get<string>(`/api/v1/operations/${id}/results?format=ndjson&view=json`);
    const results = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Exported);
    return results
      .filter(({ outcome, off_schedule }) => outcome === 'stored' && !off_schedule)
      .flatMap(({ probe_id, scheduled_at, summary, decoded }) => {
        const pings = (decoded ?? []).filter(({ type }) => type === 'ping');
        return (summary ?? []).map((entry, index) => ({
          ...entry,
          probe: probe_id,
          at: Date.parse(scheduled_at),
          rtts: (pings[index]?.responses ?? []).map(({ rtt }) => rtt),
        }));
      });
  }

  /** Holds each bucket of each series against what was exported. @returns the round-trip times of those that have some */
  function expectPlain(
    answer: Awaited<ReturnType<typeof series>>,
    measured: Awaited<ReturnType<typeof exported>>,
    width: number,
  ): number[][] {
    const buckets = answer.series.flatMap((one) => {
      const own = measured.filter((entry) => isOf(one, entry));
      return answer.times.map((time, bucket) => {
        const begin = Date.parse(time);
        const inside = own.filter(({ at }) => at >= begin && at < begin + width);
        expectFigures(one.values, bucket, inside);
        return inside.flatMap(({ rtts }) => rtts);
      });
    });
    return buckets.filter((rtts) => rtts.length > 0);
  }

  function isOf(
    { probe_id, destination }: { probe_id: string | null; destination: string | null },
    entry: { probe: string; destination?: unknown },
  ): boolean {
    return (
      (probe_id === null || entry.probe === probe_id) &&
      (destination === null || entry.destination === destination)
    );
  }

  it('equals a plain calculation over the exported results, late, lost and doubled ones among them', async () => {
    const draw = generator(13);
    const below = (most: number) => Math.floor(draw() * most);
    const pair = [await connected(), await connected()];
    const destinations = ['a.example', 'b.example'];
    const operation = await minutely(
      pair.map(({ registered }) => registered),
      { params: { fqdns: destinations } },
    );
    const ping = (userid: number): MadePing => {
      const answers = [0, 1, 2, 3].flatMap((packet) => {
        const rttUs = 100 + below(below(4) === 0 ? 1_000_000 : 20_000);
        return Array.from({ length: [0, 1, 1, 1, 1, 1, 1, 2][below(8)] ?? 1 }, () => ({ packet, rttUs }));
      });
      return { sent: 4, answers, userid };
    };
    const told = destinations.map((destination) => ({
      destination,
      address: '127.0.0.1',
      resolve_ms: 1,
      error: null,
    }));
    const result = (run: number) =>
      pingResult(operation.id, operation.at(run), {
        content: madePings([ping(1), ping(2)]),
        destinations: told,
      });
    for (const { probe } of pair) {
      await probe.told(operation.id);
      // most runs of four hours, some of the others: many never come, and they come in any order
      const runs = [
        ...Array.from({ length: 240 }, (_, run) => run).filter(() => below(10) > 0),
        ...Array.from({ length: 60 }, () => 240 + below(2_400)),
      ].sort(() => draw() - 0.5);
      for (let first = 0; first < runs.length; first += 50) {
        const part = runs.slice(first, first + 50).map(result);
        await probe.results([...part, ...part.slice(0, 5)]);
        await probe.results(part.slice(5, 8));
        await probe.failed([
          failedRun(operation.id, operation.at(runs[first]!)),
          failedRun(operation.id, operation.at(below(2_640))),
        ]);
      }
      await probe.results([pingResult(operation.id, `${operation.at(3).slice(0, -5)}.500Z`)]);
    }
    const measured = await exported(operation);
    expect(measured.length).toBeGreaterThan(900);
    const lists: number[][] = [];
    const widths = {
      '1m': 60_000,
      '5m': 300_000,
      '15m': 900_000,
      '1h': 3_600_000,
      '3h': 10_800_000,
      '1d': DAY_MS,
    };
    for (let question = 0; question < 10; question += 1) {
      const [step, width] = Object.entries(widths)[question % 6]!;
      const from = operation.begin + below(4 * 3_600_000);
      const to = from + 1 + below(question % 2 === 0 ? 6 * 3_600_000 : 2 * DAY_MS);
      const by = ['all', 'probe', 'destination', 'both'][below(4)]!;
      const range = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
      const answer = await series(operation, `${range}&bucket=${step}&by=${by}`);
      lists.push(...expectPlain(answer, measured, width));
    }
    // the plain calculation is numpy's
    for (const [index, figures] of (inNumpy(lists) ?? []).entries()) {
      const sorted = [...lists[index]!].sort((a, b) => a - b);
      expect(figures.slice(0, 6)).toEqual(
        [5, 25, 50, 75, 95, 99].map((percent) => quantileOf(sorted, percent)),
      );
    }
  });

  it('tells of an mtr each hop: its addresses, packets, loss and times', async () => {
    const registered = await world.probe(user);
    const auth = { capabilities: { kinds: ['mtr'], ipv4: true, ipv6: true } };
    const probe = await world.connect(registered, { auth });
    const operation = await minutely([registered], { kind: 'mtr', params: { ips: ['192.0.2.9'] } });
    await probe.told(operation.id);
    const hop = (ttl: number, address: string, rtts: number[]) => ({
      ...{ ttl, sent: 3 },
      replies: rtts.map((rtt_ms, packet) => ({ packet: packet + 1, address, rtt_ms })),
    });
    const report = (run: number, hops: object[]) => {
      const members = {
        ...{ destination: '192.0.2.9', address: '192.0.2.9', resolve_ms: null, source: '10.0.0.2' },
        ...{ sent_at: operation.at(run), packets: 3, reached: true, stop_reason: 'COMPLETED', error: null },
      };
      const content = Buffer.from(JSON.stringify({ version: 1, reports: [{ ...members, hops }] }));
      return dnsResult(operation.id, operation.at(run), { format: 'mtr', content });
    };
    const last = hop(2, '192.0.2.9', [20, 21]);
    await probe.results([
      report(0, [hop(1, '192.0.2.1', [1, 2, 3]), last]),
      report(1, [hop(1, '192.0.2.2', [4]), last]),
      report(60, [hop(1, '192.0.2.1', [])]),
    ]);
    const range = `from=${operation.at(0)}&to=${operation.at(120)}`;
    for (const bucket of ['1h', '1m']) {
      const narrow = bucket === '1m' ? `from=${operation.at(0)}&to=${operation.at(1)}` : range;
      const { series: told } = await series(operation, `${narrow}&bucket=${bucket}&by=both`);
      const [first, second] = (told[0] as OneSeries & { hops: { ttl: number; values: object }[] }).hops;
      if (bucket === '1m') {
        expect(first).toMatchObject({ ttl: 1, values: { hop_rtt_count: [3], hop_rtt_p50_ms: [2] } });
        continue;
      }
      expect(first).toMatchObject({
        ttl: 1,
        values: {
          ...{ hop_sent: [6, 3], hop_received: [4, 0], hop_loss: [0.333333, 1], hop_rtt_count: [4, 0] },
          ...{ hop_addresses: { '192.0.2.1': [1, 0], '192.0.2.2': [1, 0] }, hop_rtt_min_ms: [1, null] },
          ...{ hop_rtt_p50_ms: [2, null], hop_rtt_mean_ms: [2.5, null], hop_rtt_stddev_ms: [1.118, null] },
        },
      });
      expect(second).toMatchObject({ ttl: 2, values: { hop_sent: [6, 0], hop_loss: [0.333333, null] } });
    }
    const without = await series(operation, `${range}&bucket=1h&metrics=entries`);
    expect(without.series).toEqual([{ probe_id: null, destination: null, values: { entries: [2, 1] } }]);
    const csv = await user.api.get<string>(
      `/api/v1/operations/${operation.id}/series?${range}&bucket=1h&metrics=entries,hop_loss,hop_addresses&format=csv`,
    );
    const row = (run: number, ...cells: unknown[]) =>
      [operation.id, '', '', operation.at(run), 3600, ...cells].join(',');
    expect(csv.text.split('\n')).toEqual([
      'operation_id,probe_id,destination,at,bucket_s,ttl,entries,hop_loss,hop_addresses',
      ...[row(0, '', 2, '', ''), row(60, '', 1, '', '')],
      ...[row(0, 1, '', 0.333333, '192.0.2.1=1 192.0.2.2=1'), row(60, 1, '', 1, '')],
      ...[row(0, 2, '', 0.333333, '192.0.2.9=2'), row(60, 2, '', '', ''), ''],
    ]);
  });

  it('has the figures of a target over all operations that the caller may see', async () => {
    const { registered, probe } = await connected();
    const target = { kind: 'dns', params: { fqdns: ['target.example'] } };
    const operations = [
      await minutely([registered], target),
      await minutely([registered], { ...target, visibility: 'private' }),
    ];
    for (const { id, at } of operations) {
      await probe.told(id);
      const [query] = (JSON.parse(dnsResult(id, at(0)).content.toString()) as { queries: object[] }).queries;
      const content = Buffer.from(
        JSON.stringify({ version: 1, queries: [{ ...query, name: 'target.example' }] }),
      );
      await probe.results([dnsResult(id, at(0), { content }), dnsResult(id, at(1), { content })]);
      await series({ id }, 'bucket=1h');
    }
    const query = `target=Target.EXAMPLE.&bucket=1d&metrics=runs_received,entries,rtt_p50_ms`;
    const ofBoth = await user.api.get<Answer & { operation_ids: string[] }>(
      `/api/v1/series?${query}&by=operation`,
    );
    openApi.checkSchema('TargetSeriesDto', ofBoth.body);
    expect(ofBoth.body.operation_ids.sort()).toEqual(operations.map(({ id }) => id).sort());
    expect(ofBoth.body.series.map(({ values }) => values['entries'])).toEqual([
      [2, 0, 0],
      [2, 0, 0],
    ]);
    const stranger = await world.account(1_000);
    const ofOne = await stranger.api.get<Answer>(`/api/v1/series?${query}`);
    expect(ofOne.body.series).toMatchObject([
      {
        probe_id: null,
        values: { runs_received: [2, 0, 0], entries: [2, 0, 0], rtt_p50_ms: [12.5, null, null] },
      },
    ]);
    expect((await user.api.get('/api/v1/series?target=nobody.example')).status).toBe(404);
    expect((await user.api.get('/api/v1/series')).status).toBe(400);
  });

  it('refuses what cannot be answered, and says what would do', async () => {
    const { registered } = await connected();
    const operation = await minutely([registered]);
    const refused = async (query: string, of = operation.id) => {
      const { status, body } = await user.api.get<{ errors?: { field: string; message: string }[] }>(
        `/api/v1/operations/${of}/series?${query}`,
      );
      return { status, ...body.errors?.[0] };
    };
    const bad = [
      ['from=2026-01-01T00:00:00', 'from', /zone/],
      ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to', /after/],
      ['from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z&bucket=1m', 'bucket', /must be 15m or more.*84960/],
      ['from=1026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z', 'from', /nearer/],
      ['bucket=2h', 'bucket', /1m, 5m, 15m, 1h, 3h, 6h, 1d/],
      ['metrics=rtt_p50_ms,rcodes', 'metrics', /rcodes is none: .*rtt_p50_ms/],
      ['by=kind', 'by', /all, probe, destination or both/],
      ['probe=1', 'probe', /24 hexadecimal digits/],
    ] as const;
    for (const [query, field, message] of bad)
      expect(await refused(query)).toMatchObject({
        status: 400,
        field,
        message: expect.stringMatching(message) as unknown,
      });
    expect((await refused(`probe=${'a'.repeat(24)}`)).status).toBe(404);
    const stranger = await world.account(1_000);
    const hidden = await world.operation(stranger, [registered], { visibility: 'private' });
    expect((await refused('', hidden.id)).status).toBe(404);
    expect((await refused('', 'a'.repeat(24))).status).toBe(404);
    expect((await world.api.get(`/api/v1/operations/${operation.id}/series`)).status).toBe(401);
  });
});
