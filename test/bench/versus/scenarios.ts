import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Socket } from 'socket.io-client';
import { callAs, type Call, registerProbes } from '../platform.js';
import { pingWarts } from '../warts-sample.js';
import { type Target } from './targets.js';

/** One go of a scenario: how much was done, and how long it took by name. */
export interface Round {
  units: number;
  /** median, milliseconds */
  times: Record<string, number>;
  /** units in a second of the clock, where that is the point */
  perSecond?: number;
}

/** A load that a server is put under in the words of the classic contract. */
export interface Scenario {
  name: string;
  /** what processor time is given for */
  unit: string;
  /** @returns what does one round; the same at every target */
  prepare(target: Target): Promise<() => Promise<Round>>;
}

const CREATIONS = 30;
const AT_ONCE = 16;
/** Of long answers, and of short ones: what a server does beside them, and /proc's ticks of 10 ms, weigh less. */
const READS = 15;
const SHORT_READS = 60;
const ACKS = 100;
const INGEST_MS = 3_000;

/** What a probe sends. */
interface Sample {
  kind: 'ping' | 'dns';
  format: 'warts' | 'gzip';
  content(): Buffer;
}

/** 15 packets: 4.5 KB of JSON in a classic answer. */
const PINGS: Sample = { kind: 'ping', format: 'warts', content: pingWarts };
/** 36 characters of text. */
const TEXT: Sample = {
  kind: 'dns',
  format: 'gzip',
  content: () => gzipSync('example.org. 300 IN A 192.0.2.1 ; ok'),
};

export const SCENARIOS: readonly Scenario[] = [
  { name: 'creation', unit: 'creation', prepare: prepareCreation },
  { name: 'creation-at-once', unit: 'creation', prepare: prepareCreationAtOnce },
  { name: 'fan-out-200', unit: 'probe', prepare: (target) => prepareFanOut(target, 200, 6) },
  { name: 'fan-out-1000', unit: 'probe', prepare: (target) => prepareFanOut(target, 1_000, 2) },
  { name: 'read-own', unit: 'request', prepare: (target) => prepareReadOfOwn(target, 20, 20, PINGS) },
  { name: 'read-own-text', unit: 'request', prepare: (target) => prepareReadOfOwn(target, 20, 20, TEXT) },
  { name: 'read-one', unit: 'request', prepare: (target) => prepareReadOfOne(target, 500, PINGS) },
  { name: 'read-one-text', unit: 'request', prepare: (target) => prepareReadOfOne(target, 500, TEXT) },
  { name: 'read-probes', unit: 'request', prepare: (target) => prepareReadOfProbes(target, 1_000) },
  { name: 'ack', unit: 'result', prepare: prepareAck },
  { name: 'ingest-warts', unit: 'result', prepare: (target) => prepareIngest(target, 'warts') },
  { name: 'ingest-gzip', unit: 'result', prepare: (target) => prepareIngest(target, 'gzip') },
];

/** From the request to the job at the one probe, one operation after the other. */
async function prepareCreation(target: Target): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const probes = await connectProbes(target, call, 1);
  return async () => {
    const [receipts, answers]: number[][] = [[], []];
    for (let n = 0; n < CREATIONS; n += 1) {
      const began = performance.now();
      const received = jobAt(probes.sockets);
      await create(call, 'ping', probes.ids);
      answers?.push(performance.now() - began);
      await received;
      receipts?.push(performance.now() - began);
    }
    return { units: CREATIONS, times: { receipt: median(receipts), answer: median(answers) } };
  };
}

/** Until the answer, 16 operations of one user at a time. */
async function prepareCreationAtOnce(target: Target): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const probes = await connectProbes(target, call, 1);
  return async () => {
    const began = performance.now();
    const answers: number[] = [];
    const client = async (): Promise<void> => {
      for (let n = 0; n < 5; n += 1) {
        const asked = performance.now();
        await create(call, 'ping', probes.ids);
        answers.push(performance.now() - asked);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
    const seconds = (performance.now() - began) / 1_000;
    return {
      units: answers.length,
      times: { answer: median(answers) },
      perSecond: answers.length / seconds,
    };
  };
}

/** From the request to the job at the last of many probes. */
async function prepareFanOut(target: Target, count: number, times: number): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const probes = await connectProbes(target, call, count);
  return async () => {
    const taken: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const began = performance.now();
      await Promise.all([create(call, 'ping', probes.ids), jobAt(probes.sockets)]);
      taken.push(performance.now() - began);
    }
    return { units: times * count, times: { 'last receipt': median(taken) } };
  };
}

async function prepareReadOfOwn(
  target: Target,
  operations: number,
  results: number,
  sample: Sample,
): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const probes = await connectProbes(target, call, 1);
  for (let n = 0; n < operations; n += 1) await fill(call, probes, results, sample);
  target.disconnectAll();
  return async () => read(call, '/operations/me', readsOf(sample));
}

async function prepareReadOfOne(
  target: Target,
  results: number,
  sample: Sample,
): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const probes = await connectProbes(target, call, 1);
  const id = await fill(call, probes, results, sample);
  target.disconnectAll();
  return async () => read(callAs(target.url), `/operation?id=${id}`, readsOf(sample));
}

async function prepareReadOfProbes(target: Target, count: number): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const there = await call<unknown[]>('GET', '/probes');
  await registerProbes({ call }, Math.max(0, count - there.length));
  return async () => read(callAs(target.url), '/probes', SHORT_READS);
}

/** One result after the other, of one probe, into an operation that is begun anew with each round: the original slows down as it fills. */
async function prepareAck(target: Target): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const { sockets, ids } = await connectProbes(target, call, 1);
  return async () => {
    const operation = await create(call, 'dns', ids);
    const taken: number[] = [];
    for (const socket of sockets) {
      for (let n = 0; n < ACKS; n += 1) {
        const began = performance.now();
        await send(socket, operation, TEXT);
        taken.push(performance.now() - began);
      }
    }
    return { units: ACKS, times: { acknowledgement: median(taken) } };
  };
}

/** 200 results on their way, over 50 probes; each is sent when one before it is acknowledged. */
async function prepareIngest(target: Target, format: 'warts' | 'gzip'): Promise<() => Promise<Round>> {
  const call = await target.richUser();
  const probes = await connectProbes(target, call, 50);
  const operation_id = await create(call, format === 'gzip' ? 'dns' : 'ping', probes.ids);
  const content = format === 'gzip' ? gzipSync('; <<>> DiG <<>> example.org\n'.repeat(40)) : pingWarts();
  const sendOne = async (socket: Socket): Promise<number> => {
    const began = performance.now();
    await socket.emitWithAck('results', { operation_id, content, unique_code: randomUUID(), format });
    return performance.now() - began;
  };
  return async () => {
    const began = performance.now();
    const taken: number[] = [];
    const sender = async (socket: Socket): Promise<void> => {
      while (performance.now() - began < INGEST_MS) taken.push(await sendOne(socket));
    };
    await Promise.all(probes.sockets.flatMap((socket) => Array.from({ length: 4 }, () => sender(socket))));
    const seconds = (performance.now() - began) / 1_000;
    const alone: number[] = [];
    const [first] = probes.sockets;
    for (let n = 0; n < 20 && first !== undefined; n += 1) alone.push(await sendOne(first));
    return {
      units: taken.length + alone.length,
      times: { 'one alone': median(alone) },
      perSecond: taken.length / seconds,
    };
  };
}

interface Probes {
  ids: string[];
  sockets: Socket[];
}

async function connectProbes(target: Target, call: Call, count: number): Promise<Probes> {
  const sockets = await target.connect(await registerProbes({ call }, count));
  for (const socket of sockets) answerJobs(socket);
  const own = await call<{ identifier: string }[]>('GET', '/probes/me');
  return {
    ids: own.map(({ identifier }) => identifier),
    sockets,
  };
}

/** As a fielded probe does: the acknowledgement carries nothing. */
function answerJobs(socket: Socket): void {
  for (const kind of ['ping', 'dns'])
    socket.on(kind, (_job: unknown, acknowledge?: (answer?: object) => void) => acknowledge?.());
}

async function jobAt(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('ping', resolve))));
}

/** Hourly, until a day is over. @returns its id */
async function create(call: Call, kind: 'ping' | 'dns', probes: readonly string[]): Promise<string> {
  const [date = '', clock = ''] = new Date(Date.now() + 86_400_000).toISOString().split('T');
  const stop_time = `${date.split('-').reverse().join('/')} ${clock.slice(0, 5)}`;
  const destinations = kind === 'dns' ? { fqdns: ['example.org'] } : { ips: ['192.0.2.1'] };
  const params = { ...destinations, cron: '0 * * * *', stop_time, times_per_minute: 1 };
  return (await call<{ _id: string }>('POST', `/${kind}`, { probes, params, result_format: 'json' }))._id;
}

/** @returns the id of a new operation with so many results */
async function fill(call: Call, probes: Probes, results: number, sample: Sample): Promise<string> {
  const operation_id = await create(call, sample.kind, probes.ids);
  const [socket] = probes.sockets;
  let left = results;
  const sender = async (): Promise<void> => {
    for (; left > 0 && socket !== undefined;) {
      left -= 1;
      await send(socket, operation_id, sample);
    }
  };
  await Promise.all(Array.from({ length: 10 }, sender));
  return operation_id;
}

async function send(socket: Socket, operation_id: string, { format, content }: Sample): Promise<void> {
  await socket.emitWithAck('results', {
    operation_id,
    content: content(),
    unique_code: randomUUID(),
    format,
  });
}

function readsOf(sample: Sample): number {
  return sample === TEXT ? SHORT_READS : READS;
}

async function read(call: Call, path: string, times: number): Promise<Round> {
  const taken: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const began = performance.now();
    await call('GET', path);
    taken.push(performance.now() - began);
  }
  return { units: times, times: { answer: median(taken) } };
}

export function median(values: readonly number[] = []): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
