import { type ObjectId } from '../../platform/database/object-id.js';
import { type AssignmentEntity, LIVE } from './assignment.schema.js';
import { type Claim } from './assigned-runs.js';
import { capabilitiesOf } from './delivered-capabilities.js';
import { earlierRuns } from './stretches.js';

/** What is kept of an assignment in reports that belong to no run: their content, and 1 KiB for each. */
export const MAX_EXTRA_BYTES = 64 * 1024 * 1024;

/** What the account of an assignment says before a batch of reports. */
export type Standing = Pick<
  AssignmentEntity,
  | 'operation'
  | 'probe'
  | 'probe_owner'
  | 'state'
  | 'due'
  | 'first_run'
  | 'earlier'
  | 'owed'
  | 'received'
  | 'failed'
  | 'uncounted_received'
  | 'uncounted_failed'
  | 'extra_bytes'
  | 'delivered_over'
  | 'delivered_with'
>;

/** Those of them that reports move. */
const COUNTERS = ['received', 'failed', 'uncounted_received', 'uncounted_failed', 'extra_bytes'] as const;

/**
 * What becomes of a report (docs/protocol.md, "What counts"). counted: it is one of the runs that were asked for; early: it will be,
 * when its run is due; unasked: its run was paid back, or all that was paid for is accounted for; extra: it belongs to no
 * run; too_much_extra: as extra, and not kept, since there is too much of it.
 */
export type Verdict = 'counted' | 'early' | 'unasked' | 'extra' | 'too_much_extra';

export interface Report {
  claim: Claim;
  outcome: 'stored' | 'failed';
  /** of a failed run */
  reason?: string | undefined;
  /** of its content, and what it takes besides */
  bytes: number;
}

/** What some reports add to the account of an assignment. */
export interface AccountChange {
  operation: ObjectId;
  probe: ObjectId;
  received: number;
  failed: number;
  uncounted_received: number;
  uncounted_failed: number;
  extra: number;
  extra_bytes: number;
  /** the last reason of a failed run */
  failure?: string;
  /** the highest run that counts: a stop must not pay it back */
  last_run?: number;
  /** its last run is accounted for */
  completed: boolean;
}

/** @returns what an account says after reports that are stored */
export function standingAfter(standing: Standing, change: AccountChange): Standing {
  const after = { ...standing };
  // what does not move is not written, and stays absent where it is
  for (const name of COUNTERS) if (change[name] !== 0) after[name] = (standing[name] ?? 0) + change[name];
  if (change.completed && LIVE.includes(standing.state)) after.state = 'done';
  return after;
}

/** The account of one assignment: each run that was asked for counts once, and nothing else does. */
export class RunAccount {
  private readonly change: AccountChange;

  constructor(private readonly standing: Standing) {
    const { operation, probe } = standing;
    this.change = {
      ...{ operation, probe, received: 0, failed: 0, uncounted_received: 0, uncounted_failed: 0 },
      ...{ extra: 0, extra_bytes: 0, completed: false },
    };
  }

  get probeOwner(): ObjectId {
    return this.standing.probe_owner;
  }

  /** @param now milliseconds since the epoch @returns what becomes of a report that is not stored yet */
  enter(report: Report, now: number): Verdict {
    const verdict = this.judge(report.claim, now);
    if (verdict === 'extra') return this.enterExtra(report.bytes);
    if (verdict === 'counted') this.count(report);
    else this.change[report.outcome === 'stored' ? 'uncounted_received' : 'uncounted_failed'] += 1;
    if (report.reason !== undefined) this.change.failure = report.reason;
    return verdict;
  }

  /** The same of a report that was stored early, and whose run is due now. */
  settle(report: Report, now: number): Verdict {
    const verdict = this.judge(report.claim, now);
    if (verdict !== 'counted') return verdict;
    this.change[report.outcome === 'stored' ? 'uncounted_received' : 'uncounted_failed'] -= 1;
    this.count(report);
    return verdict;
  }

  /** @returns undefined when there was no report that is kept */
  get changes(): AccountChange | undefined {
    const { received, failed, uncounted_received, uncounted_failed, extra } = this.change;
    const isChanged = [received, failed, uncounted_received, uncounted_failed, extra].some((n) => n !== 0);
    if (!isChanged) return undefined;
    return { ...this.change, completed: this.accounted >= this.standing.due };
  }

  /** How many runs are asked for. A stop leaves those that it does not pay back. */
  private get limit(): number {
    return this.standing.owed ?? this.standing.due;
  }

  private get accounted(): number {
    return this.standing.received + this.standing.failed + this.change.received + this.change.failed;
  }

  private judge(claim: Claim, now: number): Exclude<Verdict, 'too_much_extra'> {
    if (claim.type === 'off_schedule') return 'extra';
    const isOpen = this.accounted < this.limit;
    // a probe that was told runs to name, or told nothing, has none of another name
    if (claim.type === 'unnamed')
      return isOpen && !capabilitiesOf(this.standing).namesRuns ? 'counted' : 'extra';
    if (!this.isAsked(claim.run)) return 'unasked';
    if (claim.dueAt > now) return 'early';
    return isOpen ? 'counted' : 'unasked';
  }

  /** Whether a run is among those that are paid for, of the last stretch or of an earlier one. */
  private isAsked(run: number): boolean {
    const { first_run: first = 0, earlier = [] } = this.standing;
    if (run >= first) return run < first + this.limit - earlierRuns(this.standing);
    return earlier.some(({ first_run, runs }) => run >= first_run && run < first_run + runs);
  }

  private count({ claim, outcome }: Report): void {
    this.change[outcome === 'stored' ? 'received' : 'failed'] += 1;
    if (claim.type === 'named') this.change.last_run = Math.max(this.change.last_run ?? 0, claim.run);
  }

  private enterExtra(bytes: number): Verdict {
    const { extra_bytes: before = 0 } = this.standing;
    if (before + this.change.extra_bytes + bytes > MAX_EXTRA_BYTES) return 'too_much_extra';
    this.change.extra += 1;
    this.change.extra_bytes += bytes;
    return 'extra';
  }
}

/** The accounts of the assignments that some reports are for. */
export class RunAccounts {
  private readonly accounts: ReadonlyMap<string, RunAccount>;

  constructor(standings: readonly Standing[]) {
    this.accounts = new Map(
      standings.map((standing) => [assignmentName(standing), new RunAccount(standing)] as const),
    );
  }

  /** @param name of the assignment. @returns undefined when there is none of that name */
  of(name: string): RunAccount | undefined {
    return this.accounts.get(name);
  }

  get changes(): AccountChange[] {
    return [...this.accounts.values()].flatMap(({ changes }) => changes ?? []);
  }
}

/** @returns what tells one assignment from all others, as text */
export function assignmentName({ operation, probe }: Pick<Standing, 'operation' | 'probe'>): string {
  return operation.toHexString() + probe.toHexString();
}
