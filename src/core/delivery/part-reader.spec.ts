import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../platform/database/object-id.js';
import { type PlatformClock } from '../../platform/database/platform-clock.js';
import {
  type AssignmentEntity,
  type AssignmentsRepository,
  type OperationEntity,
  type OperationsRepository,
} from '../assignments/index.js';
import { type ProbeLink } from '../presence/index.js';
import { PartReader } from './part-reader.js';

/** docs/protocol.md, `sync`: a part has 500 operations or 256 KiB at the most. */
const PART = { operations: 500, bytes: 256 * 1024 };
const PARTS_AT_ONCE = 64;

/** A reader over as many assignments for each probe as there are sizes; each is of an operation of its own. */
function readerOf(sizes: readonly (number | undefined)[], gone: ReadonlySet<string> = new Set()) {
  const made = sizes.map(
    (bytes) => ({ _id: new ObjectId(), operation: new ObjectId(), bytes }) as AssignmentEntity,
  );
  const assignments = {
    async *eachWaiting() {
      yield* await Promise.resolve(made);
    },
    findLive: async (ids: readonly Buffer[]) => {
      const wanted = new Set(ids.map((id) => id.toString('hex')));
      const isLive = ({ _id }: AssignmentEntity) =>
        wanted.has(_id.toHexString()) && !gone.has(_id.toHexString());
      return Promise.resolve(made.filter(isLive));
    },
  };
  const operations = {
    findByIds: async (ids: readonly ObjectId[]) =>
      Promise.resolve(ids.map((_id) => ({ _id }) as OperationEntity).reverse()),
  };
  const reader = new PartReader(
    assignments as unknown as AssignmentsRepository,
    operations as unknown as OperationsRepository,
    { now: () => new Date() } as PlatformClock,
  );
  return { reader, made };
}

const link = {} as ProbeLink;

async function partsOf(reader: PartReader) {
  const parts: { ids: string[]; more: boolean }[] = [];
  for await (const { assignments, jobs, more } of reader.read(link)) {
    expect(jobs.map(({ operation }) => operation.toHexString())).toEqual(
      assignments.map(({ operation }) => operation.toHexString()),
    );
    parts.push({ ids: assignments.map(({ _id }) => _id.toHexString()), more });
  }
  return parts;
}

describe('what a probe has to do, read in parts', () => {
  it.each([
    ['by number', Array<number>(1201).fill(10), [500, 500, 201]],
    ['by bytes', Array<number>(12).fill(50_000), [5, 5, 2]],
    ['also where one alone is too large', [10, 2 * PART.bytes, 10], [1, 1, 1]],
    ['by 16 KiB each where their bytes were never noted', Array<undefined>(20).fill(undefined), [16, 4]],
    ['in one that is empty where there is nothing', [], [0]],
  ])('is cut %s, in order and complete', async (_how, sizes, expected) => {
    const { reader, made } = readerOf(sizes);
    const parts = await partsOf(reader);
    expect(parts.map(({ ids }) => ids.length)).toEqual(expected);
    expect(parts.flatMap(({ ids }) => ids)).toEqual(made.map(({ _id }) => _id.toHexString()));
    expect(parts.map(({ more }) => more)).toEqual(expected.map((_, n) => n < expected.length - 1));
  });

  it('leaves out what has ended meanwhile', async () => {
    const gone = new Set<string>();
    const { reader, made } = readerOf([1, 1, 1], gone);
    gone.add(made[1]!._id.toHexString());
    const [part] = await partsOf(reader);
    expect(part!.ids).toEqual([made[0], made[2]].map((each) => each!._id.toHexString()));
  });

  it('has a bounded number of parts in memory, however many probes there are and whichever leave', async () => {
    const { reader } = readerOf(Array<number>(12).fill(50_000));
    let [held, most, finished] = [0, 0, 0];
    const waiting: (() => void)[] = [];
    const probes = Array.from({ length: 100 }, async (_, probe) => {
      for await (const { more } of reader.read(link)) {
        held += 1;
        most = Math.max(most, held);
        await new Promise<void>((answer) => waiting.push(answer));
        held -= 1;
        if (!more) finished += 1;
        // every tenth breaks off after its first part
        if (probe % 10 === 0) return;
      }
    });
    const state = { ended: false };
    const done = Promise.all(probes).finally(() => {
      state.ended = true;
    });
    for (let round = 0; !state.ended && round < 10_000; round += 1) {
      await new Promise(setImmediate);
      if (round % 5 === 4) for (const answer of waiting.splice(0)) answer();
    }
    await done;
    expect(most).toBe(PARTS_AT_ONCE);
    expect(held).toBe(0);
    expect(finished).toBe(90);
  });

  it('gives the beginning of a list that is one part', () => {
    const { reader, made } = readerOf(Array<number>(12).fill(50_000));
    expect(reader.firstPart(made)).toEqual(made.slice(0, 5));
    expect(reader.firstPart(made.slice(0, 3))).toEqual(made.slice(0, 3));
    expect(reader.firstPart([])).toEqual([]);
  });
});
