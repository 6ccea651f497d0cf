import { describe, expect, it } from '@jest/globals';
import { audit } from './audit.js';
import { auditCounting } from './counting.js';
import { type Evidence } from './evidence.js';
import { auditMoney } from './money.js';
import { auditPresence } from './results.js';
import { IDS, START, truth, version } from './truth.js';

const { owner, user, native, classic, interval, stopped, cron } = IDS;
const of = <T>(list: readonly T[], index: number): T => {
  const found = list.at(index);
  if (found === undefined) throw new Error('not there');
  return found;
};
const run = (evidence: Evidence, index: number) => of(of(evidence.probes, 0).runs, index);

/** What is wrong, by the kinds that the auditor names for it, and how it comes about. */
const WRONG: [string, string[], (evidence: Evidence) => void][] = [
  [
    'an acknowledged result is gone',
    ['lost', 'listing', 'payment', 'fates', 'counters'],
    ({ results }) => results.shift(),
  ],
  ['a duplicate of it was acknowledged, and it is gone', ['lost'], ({ results }) => results.pop()],
  ['a result is stored twice', ['doubled', 'counters'], ({ results }) => results.push({ ...of(results, 0) })],
  [
    'it was acknowledged as stored twice',
    ['stored twice'],
    (e) => (of(run(e, 0).versions, 0).answers.stored = 2),
  ],
  ['it has other bytes', ['changed'], ({ results }) => (of(results, 0).digest = 'other')],
  [
    'it has the bytes of a wording that was answered as a duplicate',
    ['changed'],
    (e) => {
      run(e, 0).versions.push(version('second', { answers: { duplicate: 1 } }));
      of(e.results, 0).digest = 'second';
    },
  ],
  ['a failed run has another reason', ['changed'], ({ results }) => (of(results, 1).digest = 'tool_failed')],
  ['a result is stored that nobody sent', ['made up'], (e) => of(e.probes, 0).runs.shift()],
  [
    'a result is stored that must never be',
    ['forbidden'],
    (e) => (of(run(e, 0).versions, 0).forbidden = true),
  ],
  [
    'a result is stored that was refused',
    ['refused'],
    (e) => (of(run(e, 0).versions, 0).answers = { refused: 2 }),
  ],
  ['a probe keeps something', ['undelivered'], (e) => (of(e.probes, 0).kept = 1)],
  ['a probe complains', ['protocol'], (e) => of(e.probes, 0).complaints.push('it was insulted')],
  ['a run of the schedule is marked', ['mark'], ({ results }) => (of(results, 0).offSchedule = true)],
  [
    'a result of no run is not marked',
    ['mark'],
    (e) => {
      for (const each of [of(e.results, 0), run(e, 0)]) each.code = new Date(START + 137).toISOString();
    },
  ],
  [
    'a result of no run counts',
    ['counted', 'extra'],
    (e) => {
      for (const each of [of(e.results, 0), run(e, 0)]) each.code = new Date(START + 137).toISOString();
      of(e.results, 0).offSchedule = true;
    },
  ],
  [
    'a run that is not due yet counts',
    ['counted'],
    (e) => {
      e.at = START + 1_000;
    },
  ],
  [
    'a run that was paid back counts',
    ['counted'],
    (e) => {
      of(e.operations, 1).stoppedAt = START - 60_000;
    },
  ],
  [
    'a run does not count',
    ['counted', 'counters', 'payment'],
    ({ results }) => (of(results, 0).counted = false),
  ],
  [
    'more classic results count than there are runs',
    ['counted'],
    ({ results, probes }) => {
      results.push({ ...of(results, -1), code: 'three' });
      of(probes, 1).runs.push({ ...of(of(probes, 1).runs, 0), code: 'three' });
    },
  ],
  [
    'what belongs to no run is not counted as such',
    ['extra'],
    ({ assignments }) => (of(assignments, 0).extra = 1),
  ],
  [
    'more is paid than was asked for',
    ['payment'],
    ({ operations }) => Object.assign(of(operations, 0), { credits: 1, runsPerProbe: 1 }),
  ],
  ['the API lists fewer results', ['listing'], ({ operations }) => (of(operations, 0).listed = 2)],

  ['a result is not paid', ['payment'], ({ results }) => (of(results, 0).paidBy = undefined)],
  [
    'it is paid by an entry that is not there',
    ['payment'],
    ({ results }) => (of(results, 0).paidBy = 'results:2'),
  ],
  ['it is paid by a grant', ['payment'], ({ results }) => (of(results, 0).paidBy = 'grant:1')],
  ['it is paid to somebody else', ['payment'], (e) => (of(e.probes, 1).owner = user)],
  ['a failed run is paid', ['payment'], ({ results }) => (of(results, 1).paidBy = 'results:1')],
  [
    'a batch is paid twice',
    ['paid twice'],
    ({ ledger, accounts }) => {
      ledger.push({ ...of(ledger, -1), balanceAfter: 100 });
      Object.assign(of(accounts, 1), { balance: 100, shown: [100], statement: 100 });
    },
  ],
  [
    'a batch is paid too much',
    ['payment'],
    ({ ledger, accounts }) => {
      Object.assign(of(ledger, -1), { amount: 60, balanceAfter: 60 });
      Object.assign(of(accounts, 1), { balance: 60, shown: [60], statement: 60 });
    },
  ],
  ['an operation is not charged', ['charge', 'balance'], ({ ledger }) => ledger.splice(1, 1)],
  ['another is charged to its owner', ['charge'], ({ ledger }) => (of(ledger, 1).reference = 'operation:x')],
  ['it is charged to somebody else', ['charge', 'balance'], ({ ledger }) => (of(ledger, 1).user = owner)],
  ['its price is wrong', ['price', 'charge'], ({ operations }) => (of(operations, 0).credits = 5)],
  ['an operation was never asked for', ['creation'], ({ users }) => of(users, 0).creations.shift()],
  ['one was asked for and is not there', ['creation', 'charge'], ({ operations }) => operations.pop()],
  ['two keys made one', ['creation'], ({ users }) => (of(of(users, 0).creations, 3).operation = interval)],
  [
    'a creation got no answer',
    ['creation'],
    ({ users }) => (of(of(users, 0).creations, 3).answer = 'unknown'),
  ],
  ['too much is paid back', ['refund'], ({ operations }) => (of(operations, 1).refunded = 20)],
  ['nothing is paid back', ['refund'], ({ operations }) => (of(operations, 1).refunded = undefined)],
  [
    'a refused job is not paid back',
    ['refund'],
    ({ assignments }) => Object.assign(of(assignments, 0), { state: 'refused', owed: 3 }),
  ],
  [
    'a refused job owes nobody knows what',
    ['refund'],
    ({ assignments }) => Object.assign(of(assignments, 0), { state: 'refused' }),
  ],
  ['something is paid back for nothing', ['refund'], ({ operations }) => (of(operations, 0).refunded = 1)],
  [
    'what is paid back is not in the ledger',
    ['refund'],
    ({ ledger }) => (of(ledger, 4).reference = 'stop:x'),
  ],
  [
    'a stopped operation goes on',
    ['stop', 'refund'],
    ({ operations }) => (of(operations, 1).stoppedAt = undefined),
  ],
  ['a grant is not in the ledger', ['grant'], ({ ledger }) => (of(ledger, 0).reason = 'gift')],
  ['a grant is given twice', ['grant'], (e) => of(e.users, 0).grants.shift()],
  ['a balance is not the sum', ['balance'], ({ accounts }) => (of(accounts, 0).balance = 975)],
  ['a server shows another balance', ['balance'], ({ accounts }) => (of(accounts, 0).shown[1] = 970)],
  ['a statement has another sum', ['balance'], ({ accounts }) => (of(accounts, 1).statement = 60)],
  ['balances do not follow from each other', ['balance'], ({ ledger }) => (of(ledger, 2).balanceAfter = 900)],
  ['an entry belongs to nobody', ['balance'], ({ accounts }) => accounts.pop()],

  ['a run has no fate', ['sums'], ({ coverage }) => (of(coverage, 0).fates['received'] = 1)],
  ['a run has two fates', ['sums'], ({ coverage }) => (of(coverage, 0).fates['awaited'] = 1)],
  ['probes do not add up', ['sums'], ({ coverage }) => (of(of(coverage, 0).probes, 0).fates['held'] = 1)],
  ['buckets do not add up', ['sums'], ({ coverage }) => of(coverage, 0).buckets.pop()],
  ['runs to come do not add up', ['sums'], ({ coverage }) => (of(coverage, 0).upcoming = 1)],
  ['results beyond the runs do not add up', ['sums'], ({ coverage }) => (of(coverage, 0).extra = 1)],
  [
    'results beyond the runs are too few',
    ['fates'],
    ({ coverage }) => {
      of(coverage, 2).extra = of(of(coverage, 2).probes, 0).extra = 1;
    },
  ],
  ['too few runs are planned', ['fates'], ({ coverage }) => (of(of(coverage, 0).probes, 0).planned = 3)],
  ...(
    [
      ['a run that came is not received', 0, 'held'],
      ['a run that failed is refused', 1, 'refused'],
      ['a run of which nothing came is received', 3, 'received'],
    ] as const
  ).map(([what, second, fate]): [string, string[], (evidence: Evidence) => void] => [
    what,
    ['fates'],
    ({ runFates }) => (of(of(runFates, 0).buckets, second).fates = { [fate]: 1 }),
  ]),
  [
    'an honest probe is left unexplained',
    ['fates'],
    ({ runFates }) => (of(of(runFates, 0).buckets, 3).fates = { unexplained: 1 }),
  ],
  [
    'a refused run is failed',
    ['fates'],
    ({ runFates }) => (of(of(runFates, 1).buckets, 1).fates = { failed: 1 }),
  ],
  [
    'a stopped run is awaited',
    ['fates'],
    ({ runFates }) => (of(of(runFates, 1).buckets, 2).fates = { awaited: 1 }),
  ],
  ['a run that is due has no fate', ['fates'], ({ runFates }) => of(runFates, 0).buckets.pop()],
  [
    'a run has two fates at once',
    ['fates'],
    ({ runFates }) => (of(of(runFates, 0).buckets, 0).fates = { received: 1, held: 1 }),
  ],

  ['a counter is wrong', ['counters', 'progress'], ({ assignments }) => (of(assignments, 0).received = 3)],
  ['a counter of failures is wrong', ['counters'], ({ assignments }) => (of(assignments, 0).failed = 0)],
  ['less is counted than before', ['progress'], ({ operations }) => (of(operations, 0).counted.failed = 0)],
  ['progress is wrong', ['progress'], ({ operations }) => (of(operations, 0).progress.received = 1)],
  ['progress says more', ['progress'], ({ operations }) => (of(operations, 0).progress.failed = 2)],
  ['an assignment is missing', ['progress', 'fates'], ({ assignments }) => assignments.shift()],
  ['one is done too early', ['state'], ({ assignments }) => (of(assignments, 0).state = 'done')],
  ['one is not done', ['state'], ({ assignments }) => (of(assignments, 2).state = 'delivered')],
  ['one goes on after the stop', ['state'], ({ assignments }) => (of(assignments, 1).state = 'delivered')],
  ['one is stopped by nobody', ['state'], ({ assignments }) => (of(assignments, 0).state = 'stopped')],
  ['one is expired too early', ['state'], ({ assignments }) => (of(assignments, 0).state = 'expired')],
  ['a probe has what was stopped', ['delivery'], (e) => of(e.probes, 0).operations.push(stopped)],
  ['a probe has what is not its own', ['delivery'], (e) => of(e.probes, 0).operations.push(cron)],
  ['a probe does not have what it should', ['delivery'], (e) => (of(e.probes, 0).operations = [])],
  ['a job never came', ['delivery'], ({ assignments }) => (of(assignments, 0).state = 'pending')],
  ['sums did not hold on the way', ['sums'], ({ observations }) => (of(observations, 2).coverage!.due = 5)],
  [
    'what was acknowledged was not seen',
    ['not seen'],
    ({ observations }) => (of(observations, 2).acknowledged = 3),
  ],
  ['a delivered job became pending', ['state'], ({ observations }) => observations.reverse()],
  [
    'a final state was left',
    ['state'],
    ({ observations }) => (of(observations, 0).states = { [native]: 'stopped' }),
  ],
  ['a result is not in the tail', ['tail'], ({ tail }) => tail.order.shift()],
  ['a result is in the tail twice', ['tail'], ({ tail }) => tail.order.push(of(tail.order, 1))],
  ['something is in the tail that is not stored', ['tail'], ({ tail }) => tail.order.push('another')],
  ['the consumer of the tail saw a result twice', ['activity'], ({ tail }) => (tail.counted.stored += 1)],
  ['a change was not found', ['change'], ({ changes }) => changes.found.shift()],
  ['a change was found twice', ['change'], ({ changes }) => changes.found.push(of(changes.found, 0))],
  ['a change was found that is none', ['change'], ({ changes }) => changes.found.push('another')],
  ['a change names no result', ['change'], ({ changes }) => changes.results.push('another')],
  ['the consumer of the tail missed a failed run', ['activity'], ({ tail }) => (tail.counted.failed -= 1)],
  ['a rollup saw a result twice', ['rollups'], ({ tail }) => (of(tail.rolledUp, 0).entries += 1)],
  ['rollups of all probes missed some', ['rollups'], ({ tail }) => tail.rolledUp.splice(1, 1)],
  ['a rollup missed all results of a probe', ['rollups'], ({ tail }) => tail.rolledUp.pop()],
  ['a follower missed a result', ['feed'], ({ feeds }) => of(feeds, 0).results.pop()],
  [
    'a follower saw a result twice',
    ['feed'],
    ({ feeds }) => of(feeds, 0).results.push(of(of(feeds, 0).results, 1)),
  ],
  ['a follower saw what is not stored', ['feed'], ({ feeds }) => of(feeds, 0).results.push('another')],
  ['a follower saw another order', ['feed'], ({ feeds }) => of(feeds, 0).results.reverse()],
  ['a follower was told of a loss', ['feed'], ({ feeds }) => of(feeds, 0).lost.push('not kept')],
];

describe('the auditor', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(audit(truth())).toEqual([]);
  });

  it.each(WRONG)('notices that %s', (_what, kinds, plant) => {
    const evidence = truth();
    plant(evidence);
    const found = audit(evidence).map(({ kind }) => kind);
    for (const kind of kinds) expect(found).toContain(kind);
  });

  it('takes for owed what a probe has passed over, also where it is not known to have been told', () => {
    const evidence = truth();
    evidence.results = evidence.results.filter(
      ({ operation, code }) => operation !== stopped || Date.parse(code) !== START,
    );
    const untold = { received: 0, failed: 1, deliveredAt: undefined };
    Object.assign(of(evidence.assignments, 1), untold);
    const refunds = () => auditMoney(evidence).filter(({ kind }) => kind === 'refund');
    expect(refunds()).toEqual([]);
    // no more than that
    of(evidence.operations, 1).refunded = of(evidence.ledger, 4).amount = 0;
    expect(refunds()).toHaveLength(1);
  });

  it('lets a result wait that came early, as long as its run was due when the results were read', () => {
    const evidence = truth();
    const result = of(evidence.results, 0);
    result.counted = false;
    evidence.readAt = Date.parse(result.code) + 9_000;
    expect(auditCounting(evidence)).toEqual([]);
    evidence.readAt += 2_000;
    expect(auditCounting(evidence)).toHaveLength(1);
  });

  it.each<[string, (evidence: Evidence) => void]>([
    [
      'a run that came early and was counted while the account was read',
      ({ operations }) => {
        of(operations, 0).progress.received += 1;
        of(operations, 0).counted.received += 1;
      },
    ],
    [
      'a result whose acknowledgement was lost',
      (e) => Object.assign(of(run(e, 0).versions, 0), { answers: {}, unanswered: 3 }),
    ],
    [
      'a lie that was refused and not stored',
      (e) => run(e, 0).versions.push(version('lie', { answers: { refused: 1 }, forbidden: true })),
    ],
    [
      'another wording that was a duplicate',
      (e) => run(e, 0).versions.push(version('late', { answers: { duplicate: 2 } })),
    ],
    ['a grant whose answer was lost', ({ users }) => (of(of(users, 0).grants, 0).answer = 'unknown')],
    [
      'a state that the death of the database undid',
      (e) => {
        e.databaseKills.push(of(e.observations, 1).at + 100);
        e.observations.push({
          askedAt: START + 9_000,
          at: START + 9_001,
          operation: interval,
          states: { [native]: 'pending' },
        });
      },
    ],
    [
      'a classic job that was claimed and not sent',
      (e) => {
        for (const [after, state] of [
          [1, 'delivered'],
          [2, 'pending'],
        ] as const)
          e.observations.push({
            askedAt: START,
            at: START + after,
            operation: cron,
            states: { [classic]: state },
          });
      },
    ],
    [
      'an amnesiac that left a run unexplained',
      (e) => {
        of(e.probes, 0).nature = 'amnesiac';
        of(of(e.runFates, 0).buckets, 3).fates = { unexplained: 1 };
      },
    ],
    [
      'a probe that left for good with something to do',
      (e) => {
        Object.assign(of(e.probes, 0), { connected: false, operations: [] });
        of(e.assignments, 0).state = 'pending';
        of(e.assignments, 0).deliveredAt = undefined;
      },
    ],
  ])('is not disturbed by %s', (_what, happen) => {
    const evidence = truth();
    happen(evidence);
    expect(audit(evidence)).toEqual([]);
  });

  it('notices a probe that is shown as it is not', () => {
    const diaries = [
      { probe: native, connected: true },
      { probe: classic, connected: false },
    ];
    expect(auditPresence(diaries, [{ server: 'a', connected: new Set([native]) }])).toEqual([]);
    expect(auditPresence(diaries, [{ server: 'a', connected: new Set([classic]) }])).toHaveLength(2);
  });
});
