import { type Evidence, type Fates, type ResultFact, type SentRun, type SentVersion } from './evidence.js';

/** When the first run of everything is due. */
export const START = Date.UTC(2026, 0, 1);
export const IDS = {
  owner: 'a'.repeat(24),
  user: 'b'.repeat(24),
  native: '1'.repeat(24),
  classic: '2'.repeat(24),
  interval: 'c'.repeat(24),
  stopped: 'd'.repeat(24),
  cron: 'e'.repeat(24),
};
const { owner, user, native, classic, interval, stopped, cron } = IDS;
const SECOND = 1_000;
const at = (seconds: number): string => new Date(START + seconds * SECOND).toISOString();

export const version = (digest: string, more: Partial<SentVersion> = {}): SentVersion => ({
  outcome: 'stored',
  digest,
  answers: { stored: 1 },
  unanswered: 0,
  forbidden: false,
  ...more,
});

const failedVersion = (reason: string): SentVersion => version(reason, { outcome: 'failed' });

function stored(operation: string, probe: string, code: string, more: Partial<ResultFact> = {}): ResultFact {
  const receivedAt = START + 7 * SECOND;
  const digest = `bytes of ${code}`;
  return {
    ...{
      id: `${operation} ${code}`,
      operation,
      probe,
      code,
      outcome: 'stored',
      digest,
      offSchedule: false,
      entries: more.outcome === 'failed' ? 0 : 2,
      counted: true,
      receivedAt,
      paidBy: 'results:1',
    },
    ...more,
  };
}

/** Buckets of a second, one for each run. */
function bySecond(fates: readonly (string | undefined)[]) {
  return fates.flatMap((fate, second) =>
    fate === undefined ? [] : [{ from: START + second * SECOND, due: 1, fates: { [fate]: 1 } }],
  );
}

function tally(fates: readonly (string | undefined)[]): { due: number; fates: Fates } {
  const counts: Fates = {};
  for (const fate of fates) if (fate !== undefined) counts[fate] = (counts[fate] ?? 0) + 1;
  return { due: fates.filter((fate) => fate !== undefined).length, fates: counts };
}

function coverageOf(operation: string, probe: string, fates: readonly (string | undefined)[]) {
  const account = { ...tally(fates), planned: fates.length, upcoming: 0, extra: 0 };
  account.upcoming = account.planned - account.due;
  const when = START + 20 * SECOND;
  return {
    coverage: {
      operation,
      at: when,
      ...account,
      buckets: bySecond(fates),
      probes: [{ probe, ...structuredClone(account) }],
    },
    runFates: { operation, probe, at: when, buckets: bySecond(fates) },
  };
}

/**
 * A small platform on which nothing went wrong: a native probe that did three runs of four, one of which failed, and two of
 * three of an operation that was stopped; a classic one that brought a result for each of its two runs.
 */
export function truth(): Evidence {
  const ofInterval = coverageOf(interval, native, ['received', 'failed', 'received', 'not_connected']);
  const ofStopped = coverageOf(stopped, native, ['received', 'refused', 'stopped']);
  const ofCron = coverageOf(cron, classic, ['received', 'received']);
  const classicRun = (code: string): SentRun => ({
    operation: cron,
    code,
    versions: [version(`bytes of ${code}`, { answers: { duplicate: 1 }, unanswered: 1 })],
  });
  const sent = (operation: string, second: number, one = version(`bytes of ${at(second)}`)): SentRun => ({
    operation,
    code: at(second),
    versions: [one],
  });
  const ledger = [
    { user, amount: 1_000, reason: 'grant', reference: 'grant:1' },
    { user, amount: -4, reason: 'operation', reference: `operation:${interval}` },
    { user, amount: -30, reason: 'operation', reference: `operation:${stopped}` },
    { user, amount: -2, reason: 'operation', reference: `operation:${cron}` },
    { user, amount: 10, reason: 'refund', reference: `stop:${stopped}` },
    { user: owner, amount: 50, reason: 'results', reference: 'results:1' },
  ];
  const balances = new Map<string, number>();
  return {
    at: START + 120 * SECOND,
    readAt: START + 110 * SECOND,
    probes: [
      {
        ...{ probe: native, owner, protocol: 'native', nature: 'honest', connected: true, kept: 0 },
        complaints: [],
        // when the last run of the first operation was due it was away
        restsFrom: START + 10 * SECOND,
        operations: [interval],
        runs: [
          sent(interval, 0),
          sent(interval, 1, failedVersion('timeout')),
          sent(interval, 2),
          sent(stopped, 0),
          sent(stopped, 1, failedVersion('refused')),
        ],
      },
      {
        ...{ probe: classic, owner, protocol: 'classic', nature: 'honest', connected: true, kept: 0 },
        complaints: [],
        restsFrom: Infinity,
        operations: [cron],
        runs: [classicRun('one'), classicRun('two')],
      },
    ],
    users: [
      {
        user,
        creations: [
          { key: '1', operation: interval, answer: 'made' },
          { key: '2', operation: stopped, answer: 'made' },
          { key: '3', operation: cron, answer: 'made' },
          { key: '4', operation: undefined, answer: 'refused' },
        ],
        stops: [{ operation: stopped, answer: 'stopped' }],
        grants: [
          { amount: 1_000, answer: 'given' },
          { amount: 2_000, answer: 'unknown' },
        ],
      },
    ],
    operations: [
      {
        ...{ id: interval, owner: user, spreadS: 0, costPerRun: 1, runsPerProbe: 4, credits: 4, probes: 1 },
        schedule: { type: 'interval', every_s: 1, start: at(0), stop: at(4) },
        stoppedAt: undefined,
        refunded: undefined,
        progress: { due: 4, received: 2, failed: 1 },
        counted: { received: 2, failed: 1 },
        listed: 3,
      },
      {
        ...{ id: stopped, owner: user, spreadS: 0, costPerRun: 10, runsPerProbe: 3, credits: 30, probes: 1 },
        schedule: { type: 'interval', every_s: 1, start: at(0), stop: at(3) },
        stoppedAt: START + 1_500,
        refunded: 10,
        progress: { due: 3, received: 1, failed: 1 },
        counted: { received: 1, failed: 1 },
        listed: 2,
      },
      {
        ...{ id: cron, owner: user, spreadS: 0, costPerRun: 1, runsPerProbe: 2, credits: 2, probes: 1 },
        schedule: { type: 'cron', cron: '* * * * *', times_per_minute: 2, start: at(-30), stop: at(60) },
        stoppedAt: undefined,
        refunded: undefined,
        progress: { due: 2, received: 2, failed: 0 },
        counted: { received: 2, failed: 0 },
        listed: 2,
      },
    ],
    assignments: [
      {
        ...{
          operation: interval,
          probe: native,
          state: 'delivered',
          due: 4,
          received: 2,
          failed: 1,
          extra: 0,
        },
        ...{ deliveredAt: START, deliveredOver: 'native', endsAt: START + 600 * SECOND },
      },
      {
        ...{ operation: stopped, probe: native, state: 'stopped', due: 3, received: 1, failed: 1, extra: 0 },
        ...{ deliveredAt: START, deliveredOver: 'native', endsAt: START + 600 * SECOND },
      },
      {
        ...{ operation: cron, probe: classic, state: 'done', due: 2, received: 2, failed: 0, extra: 0 },
        ...{ deliveredAt: START, deliveredOver: 'classic', endsAt: START + 600 * SECOND },
      },
    ],
    results: [
      stored(interval, native, at(0)),
      stored(interval, native, at(1), { outcome: 'failed', digest: 'timeout', paidBy: undefined }),
      stored(interval, native, at(2)),
      stored(stopped, native, at(0)),
      stored(stopped, native, at(1), { outcome: 'failed', digest: 'refused', paidBy: undefined }),
      stored(cron, classic, 'one'),
      stored(cron, classic, 'two'),
    ],
    tail: {
      order: [
        ...[0, 2, 1].map((second) => `${interval} ${at(second)}`),
        ...[`${cron} one`, `${stopped} ${at(1)}`, `${stopped} ${at(0)}`, `${cron} two`],
      ],
      counted: { stored: 5, failed: 2 },
      rolledUp: [
        { operation: interval, probe: null, entries: 4 },
        { operation: stopped, probe: null, entries: 2 },
        { operation: cron, probe: null, entries: 4 },
        { operation: interval, probe: native, entries: 4 },
        { operation: stopped, probe: native, entries: 1 },
        { operation: stopped, probe: native, entries: 1 },
        { operation: cron, probe: classic, entries: 4 },
      ],
    },
    feeds: [
      {
        ...{ operation: stopped, lost: [], connections: 3 },
        results: [1, 0].map((second) => `${stopped} ${at(second)}`),
      },
    ],
    changes: {
      found: [`${interval} ${native} path 192.0.2.1 ${at(2)}`],
      replayed: [`${interval} ${native} path 192.0.2.1 ${at(2)}`],
      results: [`${interval} ${at(2)}`],
    },
    ledger: ledger.map((entry) => {
      const balanceAfter = (balances.get(entry.user) ?? 0) + entry.amount;
      balances.set(entry.user, balanceAfter);
      return { ...entry, balanceAfter };
    }),
    accounts: [
      { user, balance: 974, shown: [974, 974], statement: 974 },
      { user: owner, balance: 50, shown: [50], statement: 50 },
    ],
    coverage: [ofInterval.coverage, ofStopped.coverage, ofCron.coverage],
    runFates: [ofInterval.runFates, ofStopped.runFates],
    observations: [
      { askedAt: START, at: START + 1, operation: interval, states: { [native]: 'pending' } },
      { askedAt: START + 5, at: START + 6, operation: interval, states: { [native]: 'delivered' } },
      {
        ...{ askedAt: START + 7 * SECOND, at: START + 8 * SECOND, operation: interval, acknowledged: 2 },
        coverage: structuredClone(ofInterval.coverage),
      },
    ],
    databaseKills: [START + 60 * SECOND],
  };
}
