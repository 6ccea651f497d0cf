import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../../platform/database/object-id.js';
import { type DeliveryAnswer, type Job } from '../../../core/presence/connected-probes.js';
import { type OpenConnection } from '../../../core/presence/probe-connections.service.js';
import { ClassicLink, type ClassicSocket } from './classic-link.js';

const OPEN = { probe: { _id: new ObjectId() }, session: new ObjectId() } as OpenConnection;

const job = (names: number): Job => ({
  operation: new ObjectId(),
  kind: 'ping',
  params: { fqdns: Array.from({ length: names }, (_, n) => `name-${n}.example.org`) },
  schedule: {
    type: 'cron',
    cron: '* * * * *',
    times_per_minute: 1,
    start: new Date(0),
    stop: new Date(3_600_000),
  },
  costPerRun: names,
  resultFormat: 'json',
});

/** A fielded probe whose link a test opens and shuts. */
function probe() {
  const sent: string[] = [];
  const transport = { writable: false };
  const answer: { late: Error | null } = { late: null };
  const socket = {
    connected: true,
    conn: { transport },
    timeout: () => ({
      emit: (_event: string, { _id }: { _id: string }, acknowledge: (late: Error | null) => void) => {
        sent.push(_id);
        acknowledge(answer.late);
      },
    }),
  };
  return { socket, sent, transport, answer, link: new ClassicLink(socket as unknown as ClassicSocket, OPEN) };
}

async function all(answers: AsyncIterable<DeliveryAnswer[]>): Promise<string[]> {
  const outcomes: string[] = [];
  for await (const some of answers) outcomes.push(...some.map(({ outcome }) => outcome));
  return outcomes;
}

const turns = async () => {
  for (let n = 0; n < 100; n += 1) await new Promise(setImmediate);
};

describe('ClassicLink', () => {
  it.each([
    ['many', 250, 1],
    ['large', 40, 1000],
  ])('hands %s jobs over as the link takes them, each once, in order', async (_what, count, names) => {
    const { link, sent, transport } = probe();
    const jobs = Array.from({ length: count }, () => job(names));
    const delivered = all(link.deliver(jobs));
    await turns();
    expect(sent.length).toBeGreaterThan(0);
    // 100 jobs, or 256 KiB
    expect(sent.length).toBeLessThanOrEqual(100);
    expect(sent.length).toBeLessThan(count);
    transport.writable = true;
    expect(await delivered).toEqual(jobs.map(() => 'accepted'));
    expect(sent).toEqual(jobs.map(({ operation }) => operation.toHexString()));
  });

  it('says of what was not handed over, because the probe left, that it was not sent', async () => {
    const { link, sent, socket } = probe();
    const jobs = Array.from({ length: 250 }, () => job(1));
    const delivered = all(link.deliver(jobs));
    await turns();
    socket.connected = false;
    const outcomes = await delivered;
    expect(outcomes.slice(0, sent.length)).toEqual(sent.map(() => 'accepted'));
    expect(outcomes.slice(sent.length)).toEqual(jobs.slice(sent.length).map(() => 'unsent'));
  });

  it('says of one job alone what became of it, and waits for no other', async () => {
    const { link, sent, socket, answer } = probe();
    const [first, second] = [job(1), job(2)];
    expect(await link.deliverOne(first)).toEqual({ outcome: 'accepted' });
    answer.late = new Error('operation has timed out');
    expect(await link.deliverOne(second)).toEqual({ outcome: 'silent' });
    expect(sent).toEqual([first, second].map(({ operation }) => operation.toHexString()));
    socket.connected = false;
    expect(await link.deliverOne(job(1))).toEqual({ outcome: 'unsent' });
    expect(sent).toHaveLength(2);
  });

  it('does not send a job for which the contract has no words', async () => {
    const { link, sent } = probe();
    const { outcome, ...rest } = await link.deliverOne({ ...job(1), kind: 'http' });
    expect([outcome, rest]).toEqual(['refused', { reason: expect.any(String), isUntold: true }]);
    expect(sent).toEqual([]);
  });
});
