import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { type AssignmentEntity } from './assignment.schema.js';
import { type OperationEntity } from './operation.schema.js';
import { leavingsOf, runsBegunBy, unusedCredits } from './refund.js';
import { RunAccount } from './run-account.js';
import { earlierRuns, firstAsked, goesOnUntold, reopened } from './stretches.js';

const RUNS = 30;
const COST = 7;
const minute = (n: number) => new Date(Date.UTC(2030, 0, 1) + n * 60_000);
const schedule: Schedule = { type: 'interval', every_s: 60, start: minute(0), stop: minute(RUNS) };
const operation = { schedule, cost_per_run: COST, credits: 1, runs_per_probe: RUNS } as OperationEntity;

/** What a probe that comes at this minute is asked. */
function fresh(at: number): AssignmentEntity {
  const probe = new ObjectId();
  const first_run = runsBegunBy(schedule, probe, minute(at));
  return {
    ...{ _id: new ObjectId(), operation: new ObjectId(), probe, probe_owner: new ObjectId() },
    ...{ state: 'pending', due: RUNS - first_run, received: 0, failed: 0 },
    ...{ created_at: minute(at), ends_at: minute(RUNS + 10) },
    ...(first_run > 0 && { first_run }),
  };
}

function stopped(assignment: AssignmentEntity, at: number): AssignmentEntity {
  const [leaving] = leavingsOf(operation, [assignment], minute(at));
  const owed = leaving?.owed;
  return { ...assignment, state: 'stopped', ended_at: minute(at), ...(owed !== undefined && { owed }) };
}

describe('stretches of an assignment', () => {
  it('go on with its account, under another id', () => {
    const before = stopped({ ...fresh(0), state: 'delivered', received: 2, last_run: 2, extra: 1 }, 3.5);
    const next = fresh(10.5);
    expect(reopened(before, next)).toEqual({
      ...next,
      ...{ received: 2, last_run: 2, extra: 1, due: 4 + RUNS - 11 },
      earlier: [{ first_run: 0, runs: 4, added_at: minute(0), removed_at: minute(3.5) }],
    });
  });

  it('leave nothing where nothing was asked', () => {
    const again = reopened(stopped(fresh(2.5), 9.5), fresh(10.5));
    expect([again.earlier, again.due, again.first_run]).toEqual([undefined, RUNS - 11, 11]);
    expect([firstAsked(again), earlierRuns(again)]).toEqual([11, 0]);
  });

  it('are none of a probe that could not be told', () => {
    const classic = { ...fresh(0), state: 'delivered' as const, delivered_over: 'classic' };
    expect(goesOnUntold(stopped(classic, 5))).toBe(true);
    expect(goesOnUntold(stopped({ ...classic, delivered_over: 'native' }, 5))).toBe(false);
  });

  it('are charged as many runs as are asked in all of them, and as many count', () => {
    const step = fc.record({
      minutes: fc.double({ min: 0, max: 6, noNaN: true }),
      gets: fc.boolean(),
      brings: fc.array(fc.nat(RUNS + 2), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        let now = 0.5;
        let assignment = fresh(0);
        let paid = assignment.due * COST;
        const brought = new Set<number>();
        for (const { minutes, gets, brings } of steps) {
          if (gets && assignment.state === 'pending') assignment = { ...assignment, state: 'delivered' };
          now += minutes;
          for (const run of new Set(brings.filter((each) => !brought.has(each)))) {
            brought.add(run);
            assignment = afterResult(assignment, run, now);
          }
          const changed = changedAt(assignment, now);
          paid += changed.paid;
          assignment = changed.assignment;
          check(assignment, paid);
        }
      }),
    );
  });
});

/** What a result of a run makes of it. */
function afterResult(assignment: AssignmentEntity, run: number, now: number): AssignmentEntity {
  const account = new RunAccount({ ...assignment, delivered_over: 'native' });
  const claim = { type: 'named', run, dueAt: minute(run).getTime() } as const;
  const verdict = account.enter({ claim, outcome: 'stored', bytes: 1 }, minute(now).getTime());
  if (verdict !== 'counted') return assignment;
  const last_run = Math.max(assignment.last_run ?? -1, run);
  return { ...assignment, received: assignment.received + 1, last_run };
}

/** One that is there is taken away, one that was taken away is added again while runs are left. */
function changedAt(assignment: AssignmentEntity, now: number) {
  if (assignment.state !== 'stopped')
    return {
      assignment: stopped(assignment, now),
      paid: -unusedCredits(operation, assignment, minute(now)),
    };
  const next = fresh(now);
  if (next.due <= 0) return { assignment, paid: 0 };
  return { assignment: reopened(assignment, next), paid: next.due * COST };
}

function check(assignment: AssignmentEntity, paid: number): void {
  const { due, owed = due, received, earlier = [], first_run = 0 } = assignment;
  expect(paid).toBe(owed * COST);
  expect(received).toBeLessThanOrEqual(owed);
  // each run is asked once at the most
  const ranges = [...earlier, { first_run, runs: owed - earlierRuns(assignment) }];
  for (const [index, { first_run: first, runs }] of ranges.entries()) {
    expect(runs).toBeGreaterThanOrEqual(0);
    expect(first + runs).toBeLessThanOrEqual(ranges[index + 1]?.first_run ?? RUNS);
  }
}
