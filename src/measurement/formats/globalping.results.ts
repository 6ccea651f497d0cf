import { defineDocument } from '@pladmed/protocol';
import { z } from 'zod';

/** What a Globalping probe (0.50.2) says of one test; members that are not named here are kept. */

const number = z.number().nullable();
const address = z.string().max(64).nullable();
const hostname = z.string().max(1024).nullable();
const timing = z.looseObject({ rtt: z.number().min(0) });

/** Text that people read: 10,000 characters as a rule. */
export const MAX_OUTPUT = 64 * 1024;
const output = z.string().max(MAX_OUTPUT);

const failed = z.looseObject({
  status: z.literal('failed'),
  failureSource: z.enum(['target', 'resolver', 'internal']).optional(),
  rawOutput: output,
  resolvedAddress: address.optional(),
});
export type FailedTest = z.infer<typeof failed>;

const finished = { status: z.literal('finished'), rawOutput: output };
const resolved = { resolvedAddress: address, resolvedHostname: hostname };

const MAX_TIMINGS = 256;
const MAX_HOPS = 256;
const MAX_ANSWERS = 4096;

const statistics = z.looseObject({
  min: number,
  avg: number,
  max: number,
  total: number,
  rcv: number,
  drop: number,
  loss: number,
});

export const pingTest = z.looseObject({
  ...finished,
  ...resolved,
  timings: z.array(timing).max(MAX_TIMINGS),
  stats: statistics,
});

export const tracerouteTest = z.looseObject({
  ...finished,
  ...resolved,
  hops: z.array(z.looseObject({ ...resolved, timings: z.array(timing).max(MAX_TIMINGS) })).max(MAX_HOPS),
});

export const mtrTest = z.looseObject({
  ...finished,
  ...resolved,
  hops: z
    .array(
      z.looseObject({
        ...resolved,
        asn: z.array(z.number().int().min(0)).max(64),
        stats: z.looseObject({ total: number, rcv: number, drop: number }),
        timings: z.array(timing).max(MAX_TIMINGS),
      }),
    )
    .max(MAX_HOPS),
});

const answers = z.array(z.looseObject({})).max(MAX_ANSWERS);
const total = z.looseObject({ total: number });
const resolver = z.string().max(255).nullable();

export const dnsTest = z.looseObject({
  ...finished,
  statusCode: number,
  statusCodeName: z.string().max(64).nullable(),
  answers,
  timings: total,
  resolver,
});

export const dnsTraceTest = z.looseObject({
  ...finished,
  hops: z.array(z.looseObject({ resolver, answers, timings: total })).max(MAX_HOPS),
});

export const httpTest = z.looseObject({
  ...finished,
  resolvedAddress: address,
  truncated: z.boolean().nullable().optional(),
  statusCode: z.number().int().min(0).nullable(),
  timings: z.looseObject({
    total: number,
    dns: number,
    tcp: number,
    tls: number,
    firstByte: number,
    download: number,
  }),
  tls: z
    .looseObject({ protocol: z.string().max(64).nullable(), authorized: z.boolean().nullable() })
    .nullable(),
});

const FINISHED: Readonly<Record<string, z.ZodType>> = {
  ping: pingTest,
  traceroute: tracerouteTest,
  mtr: mtrTest,
  http: httpTest,
};

/** @param type of the measurement @param trace of a dns one: whether it goes from the root */
export function finishedTest(type: string, trace: boolean): z.ZodType {
  if (type === 'dns') return trace ? dnsTraceTest : dnsTest;
  return FINISHED[type] ?? z.never();
}

/** Whatever came of a test. */
const anyResult = z.union([failed, z.looseObject(finished)]);

/** One request and what came of it. */
export const globalpingTest = z.looseObject({
  target: z.string().max(255),
  measurement: z.looseObject({ type: z.string().max(32) }),
  result: anyResult,
});
export type GlobalpingTest = z.infer<typeof globalpingTest>;

export function isFailed(result: GlobalpingTest['result']): result is FailedTest {
  return result.status === 'failed';
}

/**
 * @param measurement as it was sent
 * @returns why a result is none of such a request: which member is wrong, and how; undefined: it is one
 */
export function problemOfResult(measurement: Record<string, unknown>, result: unknown): string | undefined {
  const query = measurement['trace'] === true;
  const isFailure = (result as { status?: unknown } | null)?.status === 'failed';
  const read = (isFailure ? failed : finishedTest(String(measurement['type']), query)).safeParse(result);
  if (read.success) return undefined;
  const issue = read.error.issues[0];
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
}

/** Raw bytes of the format `globalping`: `measurement` as sent, `result` as it came, an entry for each destination of the run. */
export const globalpingDocument = defineDocument({
  name: 'globalping',
  list: 'tests',
  entry: globalpingTest,
  maxEntries: 1000,
});

export const PRIVATE_REFUSAL = 'Private IP ranges are not allowed.';

/** In the place of a result that shows a private target: nothing of the original but the fact. */
export const PRIVATE_RESULT: FailedTest = {
  status: 'failed',
  failureSource: 'target',
  rawOutput: PRIVATE_REFUSAL,
};

export const TIMED_OUT = 'The measurement timed out.';

/** @param before output that had come as progress @returns in the place of a result that did not come in time */
export function timedOut(before = ''): FailedTest {
  const kept = before.slice(0, MAX_OUTPUT - TIMED_OUT.length - 2);
  return {
    status: 'failed',
    failureSource: 'internal',
    rawOutput: kept === '' ? TIMED_OUT : `${kept}\n\n${TIMED_OUT}`,
  };
}
