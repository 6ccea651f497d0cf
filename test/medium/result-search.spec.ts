import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { type Connection } from 'mongoose';
import { type ResultFilter } from '../../src/core/results/index.js';
import { ResultReader } from '../../src/core/results/result-reader.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { LatestService, type LatestEntity } from '../../src/derived/latest/index.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';

const HEAD = { head: true, raw: false };
const ADDRESSES = ['192.0.2.1', '192.0.2.129', '198.51.100.7', '2001:db8::1', '2001:db8:1::1'];
const NETWORKS = [
  '192.0.2.0/25',
  '192.0.2.0/24',
  '192.0.2.1/32',
  '192.0.2.128/31',
  '0.0.0.0/0',
  '2001:db8::/48',
  '::/0',
];

interface Entry {
  dst: string;
  rtt_avg_ms: number | null;
  loss: number;
  path: (string | null)[];
  answer_data: string[];
}

interface Drawn {
  at: number;
  probe: number;
  operation: number;
  outcome: string;
  entries: Entry[];
}

const entry: fc.Arbitrary<Entry> = fc.record({
  dst: fc.constantFrom(...ADDRESSES),
  rtt_avg_ms: fc.constantFrom(null, 1, 2, 3),
  loss: fc.constantFrom(0, 0.5, 1),
  path: fc.array(fc.constantFrom(null, ...ADDRESSES), { maxLength: 3 }),
  answer_data: fc.array(fc.constantFrom('10 Mail.example.org.', '192.0.2.1', '"a.*b"'), { maxLength: 2 }),
});

const results = fc.array(
  fc.record({
    at: fc.nat(20),
    probe: fc.nat(2),
    operation: fc.nat(1),
    outcome: fc.constantFrom('stored', 'stored', 'failed'),
    entries: fc.array(entry, { maxLength: 3 }),
  }),
  { maxLength: 60 },
);

const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const asked = fc.record({
  operations: fc.constantFrom<number[]>([0], [0, 1]),
  probes: optional(fc.uniqueArray(fc.nat(2), { minLength: 1 })),
  outcome: optional(fc.constantFrom('stored' as const, 'failed' as const)),
  from: optional(fc.nat(20)),
  to: optional(fc.nat(20)),
  time: fc.constantFrom('received_at' as const, 'scheduled_at' as const, 'started_corrected_at' as const),
  target: optional(fc.constantFrom(...ADDRESSES)),
  network: optional(fc.constantFrom(...NETWORKS)),
  address: optional(fc.constantFrom(...ADDRESSES)),
  answer: optional(fc.constantFrom('mail.EXAMPLE', '.*', '192.0.2.1', '10', '"')),
  family: optional(fc.constantFrom(4 as const, 6 as const)),
  rttFrom: optional(fc.constantFrom(1, 2)),
  lossTo: optional(fc.constantFrom(0, 0.5)),
  through: optional(fc.constantFrom(...NETWORKS)),
  order: fc.constantFrom('asc' as const, 'desc' as const),
});

type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

const isIn = (address: string | null, network: string): boolean => {
  const range = ipaddr.parseCIDR(network);
  return (
    address !== null && ipaddr.parse(address).kind() === range[0].kind() && ipaddr.parse(address).match(range)
  );
};

/** What the filter says, of one entry, without MongoDB. */
function isEntry({ dst, rtt_avg_ms, loss, path, answer_data }: Entry, query: Asked): boolean {
  const { target, network, address, answer, family, rttFrom, lossTo, through } = query;
  return (
    (target === undefined || dst === target) &&
    (network === undefined || isIn(dst, network)) &&
    (address === undefined || dst === address) &&
    (answer === undefined || answer_data.some((text) => text.toLowerCase().includes(answer.toLowerCase()))) &&
    (family === undefined || dst.includes(':') === (family === 6)) &&
    (rttFrom === undefined || (rtt_avg_ms !== null && rtt_avg_ms >= rttFrom)) &&
    (lossTo === undefined || loss <= lossTo) &&
    (through === undefined || path.some((address) => isIn(address, through)))
  );
}

function isResult(result: Drawn, query: Asked): boolean {
  const asksEntries = [
    'target',
    'network',
    'address',
    'answer',
    'family',
    'rttFrom',
    'lossTo',
    'through',
  ].some((name) => query[name as keyof Asked] !== undefined);
  const { from = -Infinity, to = Infinity, time } = query;
  // of a failed run nothing was begun; the clock was 5 ms behind
  const at =
    time === 'started_corrected_at' ? (result.outcome === 'failed' ? NaN : result.at + 5) : result.at;
  const isAnyTime = query.from === undefined && query.to === undefined;
  return (
    query.operations.includes(result.operation) &&
    (query.probes?.includes(result.probe) ?? true) &&
    (query.outcome === undefined || query.outcome === result.outcome) &&
    (isAnyTime || (at >= from && at < to)) &&
    (!asksEntries || (result.outcome === 'stored' && result.entries.some((each) => isEntry(each, query))))
  );
}

function filterOf(query: Asked, operations: ObjectId[], probes: ObjectId[]): ResultFilter {
  const { from, to, target, network, family, rttFrom, lossTo, through } = query;
  const dateOf = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms));
  const networkOf = (text: string | undefined) => (text === undefined ? undefined : ipaddr.parseCIDR(text));
  const entry = {
    ...{ target, family, networks: network === undefined ? undefined : [ipaddr.parseCIDR(network)] },
    ...{ address: query.address, answer: query.answer, throughNetwork: networkOf(through) },
    rtt: rttFrom === undefined ? undefined : { from: rttFrom },
    loss: lossTo === undefined ? undefined : { to: lossTo },
  };
  return {
    operations: query.operations.map((index) => operations[index]!),
    probes: query.probes?.map((index) => probes[index]!),
    ...{ outcome: query.outcome, time: query.time, order: query.order },
    between: (from ?? to) === undefined ? undefined : { from: dateOf(from), to: dateOf(to) },
    entry: Object.values(entry).every((member) => member === undefined) ? undefined : entry,
  };
}

describe('a search of results', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  const documentOf = (
    operation: ObjectId,
    probe: ObjectId,
    code: string,
    { at, outcome, entries }: Drawn,
  ) => ({
    ...{ _id: new ObjectId(), operation, probe, unique_code: code, outcome, received_at: new Date(at) },
    scheduled_at: new Date(at),
    ...(outcome === 'stored' && {
      ...{ started_at: new Date(at), clock: { offset_ms: 5, error_ms: 1 }, format: 'warts' },
      summary: entries.map((each) => ({ type: 'ping', ...each })),
    }),
  });

  const read = async (filter: ResultFilter): Promise<string[]> => {
    const found: string[] = [];
    for await (const { _id } of app.get(ResultReader).read(filter, HEAD)) found.push(String(_id));
    return found;
  };

  it('finds what a plain look at all of them finds, in the order asked for', async () => {
    const property = fc.asyncProperty(
      results,
      fc.array(asked, { minLength: 1, maxLength: 8 }),
      async (drawn, queries) => {
        const operations = [new ObjectId(), new ObjectId()];
        const probes = [new ObjectId(), new ObjectId(), new ObjectId()];
        const all = drawn.map((result, code) => ({
          result,
          document: documentOf(operations[result.operation]!, probes[result.probe]!, String(code), result),
        }));
        if (all.length > 0)
          await connection.collection('results').insertMany(all.map(({ document }) => document));
        for (const query of queries) {
          const found = await read(filterOf(query, operations, probes));
          const direction = query.order === 'asc' ? 1 : -1;
          const expected = all
            .filter(({ result }) => isResult(result, query))
            .map(({ document }) => document)
            .sort(
              (a, b) =>
                direction *
                (Number(a.received_at) - Number(b.received_at) || (String(a._id) < String(b._id) ? -1 : 1)),
            );
          expect(found).toEqual(expected.map(({ _id }) => String(_id)));
        }
      },
    );
    await fc.assert(property, { numRuns: sized(40, 15) });
  });

  it('looks at a bounded number of them for a page, and says where to go on: the last of 25,000 is found', async () => {
    const [operation, probe] = [new ObjectId(), new ObjectId()];
    const plain = {
      probe: 0,
      operation: 0,
      outcome: 'stored',
      path: [],
      rtt_avg_ms: 1,
      loss: 0,
      answer_data: [],
    };
    const many = Array.from({ length: 25_000 }, (_, n) => {
      const dst = n === 24_999 ? '192.0.2.1' : '198.51.100.7';
      return documentOf(operation, probe, String(n), {
        ...plain,
        at: Math.floor(n / 100),
        entries: [{ ...plain, dst }],
      });
    });
    await connection.collection('results').insertMany(many);
    const reader = app.get(ResultReader);
    for (const entry of [{ target: '192.0.2.1' }, { networks: [ipaddr.parseCIDR('192.0.2.0/24')] }]) {
      for (const order of ['asc', 'desc'] as const) {
        const filter = { operations: [operation], entry, order };
        const first = await reader.sizes(filter, 5);
        expect(first.sizes).toHaveLength(order === 'asc' ? 0 : 1);
        expect(first.examinedTo).toBeDefined();
        expect(await read(filter)).toEqual([String(many.at(-1)!._id)]);
      }
    }
    const { queryPlanner } = await connection
      .collection('results')
      .find({ operation: { $in: [operation, new ObjectId()] }, probe })
      .sort({ received_at: 1, _id: 1 })
      .hint({ operation: 1, received_at: 1, _id: 1 })
      .explain('queryPlanner');
    expect(JSON.stringify(queryPlanner)).toContain('"stage":"SORT_MERGE"');
    expect(JSON.stringify(queryPlanner)).not.toContain('"stage":"SORT"');
  });

  describe('the newest of each probe and destination', () => {
    const seen = fc.record({
      ...{ probe: fc.nat(1), due: fc.option(fc.nat(9), { nil: undefined }), received: fc.nat(9) },
      ...{
        offSchedule: fc.boolean(),
        outcome: fc.constantFrom('stored' as const, 'stored' as const, 'failed' as const),
      },
      entries: fc.array(
        fc.record({ destination: fc.constantFrom('a.example', 'b.example'), loss: fc.constantFrom(0, 1) }),
        {
          maxLength: 3,
        },
      ),
    });
    type Seen = typeof seen extends fc.Arbitrary<infer T> ? T : never;

    /** By the definition: of the run that was due last, or came last where it names none; of equals the later one. */
    const timeOf = ({ due, received, offSchedule }: Seen) =>
      due === undefined || offSchedule ? received : Math.min(due, received);

    const put = async (results: object[]) => {
      const gathering = app.get(LatestService).gather();
      await gathering.add({ results } as never);
      await app.get(TransactionsService).run((transaction) => gathering.write(transaction));
    };
    const pages = async (operation: ObjectId, filter: object, limit: number): Promise<LatestEntity[]> => {
      const all: LatestEntity[] = [];
      let after: string | undefined;
      do {
        const { found, examinedTo } = await app.get(LatestService).find({ operation }, filter, limit, after);
        all.push(...found);
        after = found.length === limit ? found.at(-1)!._id : examinedTo;
      } while (after !== undefined);
      return all;
    };

    it('is what a plain look finds, in whatever order and batches they come', async () => {
      const property = fc.asyncProperty(
        fc.array(seen, { maxLength: 30 }),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        async (drawn, size, onlyLoss) => {
          const operation = new ObjectId();
          const probes = [new ObjectId(), new ObjectId()];
          const results = drawn.map(({ probe, due, received, offSchedule, outcome, entries }) => ({
            ...{
              _id: new ObjectId(),
              operation,
              probe: probes[probe]!,
              outcome,
              received_at: new Date(received),
            },
            ...(due !== undefined && { scheduled_at: new Date(due) }),
            ...(offSchedule && { off_schedule: true }),
            ...(outcome === 'stored'
              ? { summary: entries.map((each) => ({ type: 'ping', ...each })) }
              : { failure: { reason: 'timeout', detail: '' } }),
          }));
          for (let from = 0; from < results.length; from += size)
            await put(
              results.slice(from, from + size).map((result) => ({ number: 1, position: '', result })),
            );
          const expected = new Map<string, { id: string; time: number; loss: number | undefined }>();
          drawn.forEach((each, index) => {
            const times = new Map<string, number>();
            const entries = each.outcome === 'failed' ? [undefined] : each.entries;
            for (const item of entries) {
              const name = item?.destination ?? 'null';
              times.set(name, (times.get(name) ?? 0) + 1);
              const key = `${each.probe} ${name} ${times.get(name)}`;
              const known = expected.get(key);
              if (known === undefined || timeOf(each) >= known.time)
                expected.set(key, { id: String(results[index]!._id), time: timeOf(each), loss: item?.loss });
            }
          });
          const filter = onlyLoss ? { entry: { loss: { from: 0.5 } } } : {};
          const found = await pages(operation, filter, 2);
          const wanted = [...expected.values()].filter(({ loss }) => !onlyLoss || loss === 1);
          expect(found.map(({ result }) => String(result)).sort()).toEqual(wanted.map(({ id }) => id).sort());
          expect(found.map(({ _id }) => _id)).toEqual(found.map(({ _id }) => _id).sort());
        },
      );
      await fc.assert(property, { numRuns: sized(25, 10) });
    });

    it('is kept of 1,000 destinations of a probe at the most, those of the latest runs', async () => {
      const [operation, probe] = [new ObjectId(), new ObjectId()];
      const resultAt = (second: number, first: number) => ({
        ...{ number: 1, position: '' },
        result: {
          ...{
            _id: new ObjectId(),
            operation,
            probe,
            outcome: 'stored',
            received_at: new Date(second * 1000),
          },
          summary: Array.from({ length: 600 }, (_, n) => ({
            type: 'ping',
            destination: `${first + n}.example`,
          })),
        },
      });
      await put([resultAt(1, 0)]);
      await put([resultAt(2, 600)]);
      const found = await pages(operation, {}, 100);
      expect(found).toHaveLength(1_000);
      expect(found.filter(({ run_at }) => run_at.getTime() === 2000)).toHaveLength(600);
      const { found: ofTarget } = await app.get(LatestService).find({ target: '601.Example.' }, {}, 5);
      expect(ofTarget.map(({ destination }) => destination)).toEqual(['601.example']);
    });
  });
});
