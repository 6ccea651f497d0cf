import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Claim } from './assigned-runs.js';
import { MAX_EXTRA_BYTES, type Report, RunAccount, type Standing, type Verdict } from './run-account.js';

const NOW = 10;
/** Run `n` is due at `n`. */
const named = (run: number): Claim => ({ type: 'named', run, dueAt: run });
const UNNAMED: Claim = { type: 'unnamed' };
const NONE: Claim = { type: 'off_schedule' };

function standing(more: Partial<Standing> = {}): Standing {
  return {
    ...{ operation: new ObjectId(), probe: new ObjectId(), probe_owner: new ObjectId() },
    ...{ state: 'delivered', due: 20, received: 0, failed: 0, delivered_over: 'classic' },
    ...more,
  };
}

function verdicts(account: RunAccount, ...claims: Claim[]): Verdict[] {
  return claims.map((claim) => account.enter({ claim, outcome: 'stored', bytes: 1 }, NOW));
}

describe('RunAccount', () => {
  it('counts runs that are due, notes those that are not yet, and takes the rest as extra', () => {
    const account = new RunAccount(standing());
    expect(verdicts(account, named(0), named(NOW), named(NOW + 1), NONE, UNNAMED)).toEqual([
      'counted',
      'counted',
      'early',
      'extra',
      'counted',
    ]);
    expect(account.changes).toMatchObject({
      ...{ received: 3, uncounted_received: 1, extra: 1, extra_bytes: 1, last_run: NOW, completed: false },
    });
  });

  it('counts none that a stop has paid back', () => {
    const account = new RunAccount(standing({ state: 'stopped', owed: 5, received: 1 }));
    expect(verdicts(account, named(4), named(5), named(19))).toEqual(['counted', 'unasked', 'unasked']);
    expect(account.settle({ claim: named(6), outcome: 'stored', bytes: 0 }, NOW)).toBe('unasked');
  });

  it('counts no more than there are runs, whoever they are of', () => {
    const account = new RunAccount(standing({ due: 3, received: 1 }));
    expect(verdicts(account, UNNAMED, named(0), UNNAMED, named(1))).toEqual([
      'counted',
      'counted',
      'extra',
      'unasked',
    ]);
    expect(account.changes).toMatchObject({ received: 2, completed: true });
  });

  it.each([
    ['was told runs that it names', { delivered_over: 'native' }],
    ['was told nothing yet', { state: 'pending' as const, delivered_over: undefined }],
  ])('counts nothing that names no run of a probe that %s', (_what, told) => {
    const { delivered_over: _none, ...rest } = standing();
    const account = new RunAccount({ ...rest, ...(told as Partial<Standing>) });
    expect(verdicts(account, UNNAMED, named(0))).toEqual(['extra', 'counted']);
    expect(account.changes).toMatchObject({ received: 1, extra: 1, completed: false });
  });

  it('settles what came early once its run is due', () => {
    const account = new RunAccount(standing({ received: 4 }));
    const late = { claim: named(12), outcome: 'failed' as const, bytes: 0 };
    expect([account.settle(late, 11), account.settle(late, 12)]).toEqual(['early', 'counted']);
    expect(account.changes).toMatchObject({ failed: 1, uncounted_failed: -1, last_run: 12 });
  });

  it('refuses what belongs to no run beyond a bound, and then changes nothing', () => {
    const account = new RunAccount(standing({ extra_bytes: MAX_EXTRA_BYTES - 10 }));
    const extra = (bytes: number): Verdict => account.enter({ claim: NONE, outcome: 'failed', bytes }, NOW);
    expect(extra(11)).toBe('too_much_extra');
    expect(account.changes).toBeUndefined();
    expect([extra(10), extra(1)]).toEqual(['extra', 'too_much_extra']);
  });

  it('never counts more than the runs that were asked for, nor one that was paid back, whatever is reported', () => {
    const claim = fc.oneof(
      fc.nat(24).map((run) => (run < 20 ? named(run) : NONE)),
      fc.constantFrom(UNNAMED, NONE),
    );
    const report: fc.Arbitrary<Report> = fc.record({
      claim,
      outcome: fc.constantFrom('stored' as const, 'failed' as const),
      bytes: fc.constant(1),
    });
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 5, arbitrary: fc.array(report, { minLength: 1, maxLength: 12 }) },
      { weight: 2, arbitrary: fc.constant('time passes' as const) },
      { weight: 1, arbitrary: fc.constant('stop' as const) },
    );
    const property = fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const platform = new Platform();
      for (const each of steps) {
        platform.play(each);
        const asked = platform.own.owed ?? platform.own.due;
        expect(platform.own.received + platform.own.failed).toBeLessThanOrEqual(asked);
        expect(new Set(platform.counted).size).toBe(platform.counted.length);
        expect(platform.counted.filter((run) => run >= asked || run > platform.now)).toEqual([]);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

type Step = Report[] | 'time passes' | 'stop';

/** Batches one after the other; in between the database keeps the sums, and each named run once. */
class Platform {
  own = standing();
  now = 0;
  readonly counted: number[] = [];
  private readonly stored = new Set<number>();
  private readonly early = new Map<number, Report>();
  private lastRun = -1;

  play(step: Step): void {
    if (step === 'stop') {
      this.stop();
      return;
    }
    const account = new RunAccount(this.own);
    if (step === 'time passes') {
      this.now += 5;
      for (const each of [...this.early.values()]) this.note(each, account.settle(each, this.now));
    } else {
      for (const each of step.filter((one) => this.isNew(one)))
        this.note(each, account.enter(each, this.now));
    }
    const { received = 0, failed = 0, last_run = -1 } = account.changes ?? {};
    this.own = { ...this.own, received: this.own.received + received, failed: this.own.failed + failed };
    this.lastRun = Math.max(this.lastRun, last_run);
  }

  /** docs/protocol.md, "What a stop pays back": the runs before `now` were due. */
  private stop(): void {
    const { owed, due, received, failed } = this.own;
    const done = Math.max(this.now, received + failed, this.lastRun + 1);
    this.own = { ...this.own, owed: owed ?? Math.min(due, done) };
  }

  private isNew({ claim }: Report): boolean {
    if (claim.type !== 'named') return true;
    const isNew = !this.stored.has(claim.run);
    this.stored.add(claim.run);
    return isNew;
  }

  private note(report: Report, verdict: Verdict): void {
    const { claim } = report;
    if (claim.type !== 'named') return;
    if (verdict === 'early') this.early.set(claim.run, report);
    else this.early.delete(claim.run);
    if (verdict === 'counted') this.counted.push(claim.run);
  }
}
