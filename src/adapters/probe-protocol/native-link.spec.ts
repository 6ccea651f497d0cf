import { describe, expect, it } from '@jest/globals';
import { type Sync } from '@pladmed/protocol';
import { ObjectId } from '../../platform/database/object-id.js';
import { type DeliveryAnswer, type Job } from '../../core/presence/connected-probes.js';
import { type OpenConnection } from '../../core/presence/probe-connections.service.js';
import { NativeLink, type NativeSocket } from './native-link.js';

const job = (names = 1): Job => ({
  operation: new ObjectId(),
  kind: 'ping',
  params: { fqdns: Array.from({ length: names }, (_, n) => `name-${n}.of.some.length.example.org`) },
  schedule: { type: 'once', at: new Date(0) },
  costPerRun: 1,
  resultFormat: 'json',
});

const OPEN = { probe: { _id: new ObjectId() }, session: new ObjectId() } as OpenConnection;
const MESSAGE_BYTES = 16 * 1024 * 1024;

/** A link to a probe that answers each sync as `answer` says. */
function linkTo(answer: (sync: Sync) => unknown, parts = true, whole = true) {
  const sent: Sync[] = [];
  const timed = {
    emit: () => true,
    emitWithAck: async (_event: string, sync: Sync) => {
      sent.push(sync);
      return Promise.resolve(answer(sync));
    },
  };
  const socket = { timeout: () => timed, disconnect: () => undefined } as unknown as NativeSocket;
  return { link: new NativeLink(socket, OPEN, { parts, whole }), sent };
}

async function deliver(
  link: NativeLink,
  jobs: readonly Job[],
  everything: boolean,
): Promise<DeliveryAnswer[]> {
  const all: DeliveryAnswer[] = [];
  for await (const answers of link.deliver(jobs, everything)) all.push(...answers);
  return all;
}

const accept = () => ({ refused: [] });
const never = () => Promise.reject(new Error('timeout'));
const idsOf = (sync: Sync) => sync.operations.map(({ operation_id }) => operation_id);
const hex = ({ operation }: Job) => operation.toHexString();
const bytesOf = (sync: Sync) => Buffer.byteLength(JSON.stringify(sync));

describe('NativeLink', () => {
  it('does not send a job whose operation was stopped since the job was read', async () => {
    const { link, sent } = linkTo(accept);
    const [kept, stopped] = [job(), job()];
    link.stop(stopped.operation, 'stopped by its owner');
    await deliver(link, [kept, stopped], true);
    await deliver(link, [stopped], false);
    expect(sent.map(idsOf)).toEqual([[hex(kept)], []]);
  });

  it.each([
    ['a sync', async (link: NativeLink) => deliver(link, [job()], true)],
    [
      'a stop',
      async (link: NativeLink) => {
        await deliver(link, [], true);
        link.stop(job().operation, 'stopped');
      },
    ],
  ])(
    'is in doubt after %s without an acknowledgement, until everything is told again',
    async (what, tell) => {
      const silent = {
        emit: (_event: string, _message: unknown, done: (error: Error | null) => void) => {
          done(new Error('timeout'));
        },
        emitWithAck: () => (what === 'a sync' ? never() : Promise.resolve(accept())),
      };
      const socket = { timeout: () => silent } as unknown as NativeSocket;
      const link = new NativeLink(socket, OPEN, { parts: true, whole: true });
      expect(link.isInDoubt).toBe(false);
      await tell(link);
      expect(link.isInDoubt).toBe(true);
      link.expectEverything();
      expect(link.isInDoubt).toBe(false);
    },
  );

  it('is in doubt when the probe says that it could not carry a sync out', async () => {
    const { link } = linkTo(() => ({ error: { code: 'internal', message: 'the disk is full' } }));
    expect(await deliver(link, [job()], true)).toEqual([]);
    expect(link.isInDoubt).toBe(true);
  });

  it('sends nothing beside a full sync that is being put together', async () => {
    const { link, sent } = linkTo(accept);
    await deliver(link, [], true);
    link.expectEverything();
    const later = deliver(link, [job()], false);
    await deliver(link, [], true);
    await later;
    expect(sent.map(({ full }) => full)).toEqual([true, true, false]);
  });

  describe('with more than a message should have', () => {
    // 1,000 names take 38 KB here
    const jobs = Array.from({ length: 20 }, () => job(1000));

    it('sends everything in parts, numbered, none of them large', async () => {
      const { link, sent } = linkTo(accept);
      expect(await deliver(link, jobs, true)).toEqual(jobs.map(() => ({ outcome: 'accepted' })));
      expect(sent.flatMap(idsOf)).toEqual(jobs.map(hex));
      expect(sent.length).toBeGreaterThan(1);
      const last = sent.length - 1;
      expect(sent.map(({ full, part, more }) => ({ full, part, more }))).toEqual(
        sent.map((_, n) => ({ full: true, part: n + 1, more: n < last })),
      );
      expect(Math.max(...sent.map(bytesOf))).toBeLessThan(300 * 1024);
    });

    it('sends changes in parts as well', async () => {
      const { link, sent } = linkTo(accept);
      await deliver(link, [], true);
      await deliver(link, jobs, false);
      expect(sent.slice(1).flatMap(idsOf)).toEqual(jobs.map(hex));
      expect(sent.slice(1).every(({ full, part }) => !full && part === undefined)).toBe(true);
      expect(Math.max(...sent.map(bytesOf))).toBeLessThan(300 * 1024);
    });

    it('bounds the number of operations in a part', async () => {
      const { link, sent } = linkTo(accept);
      await deliver(
        link,
        Array.from({ length: 1200 }, () => job()),
        true,
      );
      expect(sent.map(({ operations }) => operations.length)).toEqual([500, 500, 200]);
    });

    it('ends with a part that was not acknowledged; what came before it counts', async () => {
      const { link, sent } = linkTo((sync) => (sync.part === 3 ? never() : accept()));
      const answers = await deliver(link, jobs, true);
      expect(sent).toHaveLength(3);
      expect(answers).toHaveLength(sent[0]!.operations.length + sent[1]!.operations.length);
      expect(link.isInDoubt).toBe(true);
    });

    it('lets nothing out behind a sync that broke off, before everything is told again', async () => {
      let failing = true;
      const { link, sent } = linkTo((sync) => (failing && sync.part === 2 ? never() : accept()));
      await deliver(link, jobs, true);
      const created = job();
      const later = deliver(link, [created], false);
      failing = false;
      link.expectEverything();
      await deliver(link, [...jobs, created], true);
      await later;
      expect(sent.map(({ full, part }) => (full ? part : 'change'))).toEqual([
        1,
        2,
        ...sent.slice(2, -1).map((_, n) => n + 1),
        'change',
      ]);
    });

    it('leaves out of a later part what was stopped meanwhile', async () => {
      const stopped = jobs.at(-1)!;
      const tell: { link?: NativeLink } = {};
      const { link, sent } = linkTo((sync) => {
        if (sync.part === 1) tell.link?.stop(stopped.operation, 'stopped by its owner');
        return accept();
      });
      tell.link = link;
      await deliver(link, jobs, true);
      expect(sent.flatMap(idsOf)).toEqual(jobs.slice(0, -1).map(hex));
    });

    it('is told again when whoever takes the answers fails', async () => {
      const { link } = linkTo(accept);
      const failing = async () => {
        for await (const answers of link.deliver(jobs, true))
          throw new Error(`${answers.length} were not noted`);
      };
      await expect(failing()).rejects.toThrow('were not noted');
      expect(link.isInDoubt).toBe(true);
    });
  });

  describe('to a probe that does not know parts', () => {
    it('sends everything in one message, as long as it has to take it: it would drop what is not in it', async () => {
      const { link, sent } = linkTo(accept, false);
      await deliver(
        link,
        Array.from({ length: 300 }, () => job(1000)),
        true,
      );
      expect(sent.map(({ full, part, operations }) => [full, part, operations.length])).toEqual([
        [true, undefined, 300],
      ]);
      expect(bytesOf(sent[0]!)).toBeLessThan(MESSAGE_BYTES);
    });

    it.each([
      ['more than that', 500, true],
      ['what one could not take before', 60, false],
    ])('sends %s as a full sync and changes to it', async (_what, count, whole) => {
      const jobs = Array.from({ length: count }, () => job(1000));
      const { link, sent } = linkTo(accept, false, whole);
      await deliver(link, jobs, true);
      expect(sent.flatMap(idsOf)).toEqual(jobs.map(hex));
      expect(sent.map(({ full }) => full)).toEqual(sent.map((_, n) => n === 0));
      expect(sent.every(({ part, more }) => part === undefined && more === undefined)).toBe(true);
    });

    it('notes that a large message came to nothing, and goes on in parts', async () => {
      const jobs = Array.from({ length: 60 }, () => job(1000));
      const { link, sent } = linkTo((sync) => (sync.operations.length === 60 ? never() : accept()), false);
      expect(await deliver(link, jobs, true)).toEqual([]);
      expect(link.couldNotTakeWhole).toBe(true);
      link.expectEverything();
      expect(await deliver(link, jobs, true)).toHaveLength(60);
      expect(link.couldNotTakeWhole).toBe(false);
      expect(sent.length).toBeGreaterThan(2);
    });
  });
});
