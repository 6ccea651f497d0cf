import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { Presence, PresenceService } from '../presence/index.js';
import { type ProbeReports, ProbesService } from '../probes/index.js';
import {
  AssignedRuns,
  type AssignmentEntity,
  type AssignmentTerms,
  RunAccountsRepository,
  firstAsked,
  type OperationEntity,
  OperationsRepository,
} from '../assignments/index.js';
import { isKindName, type KindName } from '../../measurement/kinds/index.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { factsOf, type StretchFacts } from './assignment-facts.js';
import { BegunRuns } from './begun-runs.js';
import {
  explainMissing,
  hasMissing,
  markArrived,
  type Marked,
  markSingle,
  type ProbeFacts,
} from './fates.js';
import { RestoresRepository } from './restores.repository.js';
import { RunFates, WordPool } from './run-fates.js';
import { RunSheetsRepository, sheetsByProbe } from './run-sheets.repository.js';
import {
  type BucketRange,
  Buckets,
  type BucketTally,
  bucketWidth,
  FATES_WIDTH,
  type FatesByBucket,
  MAX_BUCKETS,
  RunsByBucket,
  sumOf,
  type Tally,
} from './tally.js';

const WORDS_AT_ONCE = 16 * 1024;
const NEVER_HERE = new Presence([]);

export interface ProbeCoverage extends Tally {
  assignment: AssignmentTerms;
  planned: number;
  /** failed runs by the reason that the probe gave */
  reasons: Record<string, number>;
  /** results that belong to no run of the schedule */
  extra: number;
}

export interface Coverage extends Tally {
  at: Date;
  planned: number;
  reasons: Record<string, number>;
  extra: number;
  bucketMs: number;
  buckets: BucketTally[];
  /** in order of their ids */
  probes: ProbeCoverage[];
}

/** What became of the runs of one probe, by time. */
export interface ProbeRuns {
  assignment: AssignmentTerms;
  fates: FatesByBucket;
}

interface Account extends Marked {
  assignment: AssignmentTerms;
  /** the id of the probe, hexadecimal */
  probe: string;
  /** one for each stretch in which runs were asked of the probe */
  facts: StretchFacts;
  fates: RunFates;
}

/** Whose runs are asked for. */
interface Wanted {
  operation: OperationEntity;
  numbers: RunNumbers;
  now: Date;
  /** all that the operation has, if it is left out */
  only?: readonly ObjectId[] | undefined;
}

/**
 * Which runs were due, which came, and why the others did not. It reads the sheets that ingest has marked, never the results,
 * so the price depends on the runs that were asked for (1,000,000 at most, a few bits each) and not on what came.
 */
@Injectable()
export class CoverageService {
  constructor(
    private readonly operations: OperationsRepository,
    private readonly accounts: RunAccountsRepository,
    private readonly sheets: RunSheetsRepository,
    private readonly restores: RestoresRepository,
    private readonly probes: ProbesService,
    private readonly presences: PresenceService,
    private readonly begun: BegunRuns,
  ) {}

  /** What a probe owes: runs of which kind. Undefined when the operation is not there. */
  async dutyOf({
    operation,
    probe,
  }: Pick<AssignmentEntity, 'operation' | 'probe'>): Promise<
    { kind: KindName; runs: AssignedRuns } | undefined
  > {
    const found = await this.operations.findById(operation);
    if (found === null || !isKindName(found.kind)) return undefined;
    const { kind, schedule } = found;
    return { kind, runs: new AssignedRuns(numberRuns(schedule), spreadOffsetMs(schedule, probe)) };
  }

  /**
   * @param only of this probe alone
   * @param bucketS width of the time buckets in seconds; by default one that makes at most 200
   * @throws DomainError invalid_request for a width that makes more than 10,000 buckets, not_found for a probe that the
   *   operation does not have
   */
  async of(operation: OperationEntity, now: Date, only?: ObjectId, bucketS?: number): Promise<Coverage> {
    const numbers = numberRuns(operation.schedule);
    const accounts = await this.accountsOf({ operation, numbers, now, only: only && [only] });
    if (only !== undefined && accounts.length === 0)
      throw new DomainError('not_found', 'The operation does not have this probe');
    const lastDue = accounts.reduce((last, { fates }) => Math.max(last, fates.lastDecided()), 0);
    const [from, to] = [
      numbers.timeOf(0),
      numbers.timeOf(lastDue) + (operation.schedule.spread_s ?? 0) * 1_000,
    ];
    const width = widthOf(to - from, bucketS);
    const buckets = new Buckets(width, from, to);
    const probes = accounts.map(({ assignment, facts, fates, reasons, extra }): ProbeCoverage => {
      const tally = buckets.add(fates, numbers, offsetOf(facts));
      return { assignment, planned: plannedOf(assignment, numbers), reasons, extra, ...tally };
    });
    return {
      at: now,
      planned: probes.reduce((sum, { planned }) => sum + planned, 0),
      ...sumOf(probes),
      reasons: sumOfReasons(probes),
      extra: probes.reduce((sum, { extra }) => sum + extra, 0),
      bucketMs: width,
      buckets: buckets.list(),
      probes,
    };
  }

  /**
   * The same by probe and by time.
   * @param only of these probes alone, those of them that the operation has
   * @returns one after the other: `fates` of one are good until the next
   */
  async byTime(
    operation: OperationEntity,
    now: Date,
    range: BucketRange,
    only?: readonly ObjectId[],
  ): Promise<Iterable<ProbeRuns>> {
    const numbers = numberRuns(operation.schedule);
    const accounts = await this.accountsOf({ operation, numbers, now, only });
    return runsOf(accounts, range, numbers);
  }

  /** Who has to do an operation. @param only of these probes alone, those of them that the operation has */
  async assigned(operation: ObjectId, only?: readonly ObjectId[]): Promise<AssignmentTerms[]> {
    return this.accounts.findTermsOfOperation(operation, only);
  }

  private async accountsOf(wanted: Wanted): Promise<Account[]> {
    const accounts = await (wanted.numbers.count === 1 ? this.ofCounters(wanted) : this.ofSheets(wanted));
    await this.explain(wanted, accounts);
    return accounts;
  }

  /** Of an operation of one run: the counters of the assignments say what came. */
  private async ofCounters({ operation, only }: Wanted): Promise<Account[]> {
    const assignments = await this.accounts.findCountersOfOperation(operation._id, only);
    return assignments.map((assignment) => {
      const fates = new RunFates(1);
      return open(
        operation,
        assignment,
        assignment.probe.toHexString(),
        fates,
        markSingle(fates, assignment),
      );
    });
  }

  private async ofSheets({ operation, numbers, only }: Wanted): Promise<Account[]> {
    const [assigned, found] = await Promise.all([
      this.assigned(operation._id, only),
      this.sheets.findByOperation(operation._id, only?.length === 1 ? only[0] : undefined),
    ]);
    const sheets = sheetsByProbe(found);
    const words = new WordPool(WORDS_AT_ONCE);
    return assigned.map((assignment) => {
      const fates = new RunFates(numbers.count, words);
      const probe = assignment.probe.toHexString();
      return open(operation, assignment, probe, fates, markArrived(fates, sheets.get(probe) ?? []));
    });
  }

  /** Asks about probes only where a run is missing. */
  private async explain({ operation, numbers, now }: Wanted, accounts: readonly Account[]): Promise<void> {
    const time = now.getTime();
    const missing = accounts.filter(({ fates, facts }) =>
      facts.some((stretch) => hasMissing(fates, numbers, stretch, time)),
    );
    const [probes, lost] = await Promise.all([
      this.factsOf(operation._id, missing, numbers, now),
      missing.length > 0 ? this.restores.lostTimes() : [],
    ]);
    for (const { probe, fates, facts } of accounts)
      explainMissing(fates, numbers, facts, probes.get(probe), time, lost);
  }

  /** @returns by probe, what is known of those that there still are */
  private async factsOf(
    operation: ObjectId,
    accounts: readonly Account[],
    numbers: RunNumbers,
    now: Date,
  ): Promise<Map<string, ProbeFacts>> {
    const all = new Map<string, ProbeFacts>();
    if (accounts.length === 0) return all;
    const ids = accounts.map(({ assignment }) => assignment.probe);
    const kept = accounts.filter(({ facts }) => facts.some(({ serverKept }) => serverKept === true));
    const [probes, presences, begun] = await Promise.all([
      this.probes.getReports(ids),
      this.presences.of(ids, new Date(numbers.timeOf(0)), now),
      this.begun.of(
        operation,
        kept.map(({ assignment }) => assignment.probe),
      ),
    ]);
    for (const probe of probes) {
      const id = probe._id.toHexString();
      all.set(id, {
        presence: presences.get(id) ?? NEVER_HERE,
        connected: this.probes.connectionOf(probe) !== undefined,
        report: reportOf(probe, operation),
        begun: begun.get(id),
      });
    }
    return all;
  }
}

function plannedOf(assignment: AssignmentTerms, { count }: RunNumbers): number {
  return count - firstAsked(assignment);
}

/** How much later than the schedule says the probe does its runs, as it was told last. */
function offsetOf(facts: StretchFacts): number {
  return (facts.at(-1) ?? facts[0]).offsetMs;
}

function open(
  operation: OperationEntity,
  assignment: AssignmentTerms,
  probe: string,
  fates: RunFates,
  { extra, reasons }: Marked,
): Account {
  const facts = factsOf(operation.schedule, assignment);
  return { assignment, probe, facts, fates, reasons, extra: extra + (assignment.extra ?? 0) };
}

function* runsOf(
  accounts: readonly Account[],
  range: BucketRange,
  numbers: RunNumbers,
): Generator<ProbeRuns, void> {
  const counts = new Uint32Array(range.count * FATES_WIDTH);
  const runs = new RunsByBucket(range, numbers);
  for (const { assignment, facts, fates } of accounts) {
    counts.fill(0);
    runs.add(fates, offsetOf(facts), counts);
    yield { assignment, fates: counts };
  }
}

function reportOf({ status }: ProbeReports, operation: ObjectId): ProbeFacts['report'] {
  if (status === undefined) return undefined;
  const { at, backlog, running } = status;
  return { at: at.getTime(), backlog: heldOf(backlog, operation), running };
}

/** What a probe keeps of one operation; of those that it does not list, at most what it keeps beside its list. */
function heldOf(
  { results, by_operation }: NonNullable<ProbeReports['status']>['backlog'],
  operation: ObjectId,
): number {
  if (by_operation === undefined) return results;
  const listed = Object.values(by_operation).reduce((sum, count) => sum + count, 0);
  return by_operation[operation.toHexString()] ?? Math.max(0, results - listed);
}

/** @param spanMs from the first run to the last that is due @returns milliseconds */
function widthOf(spanMs: number, asked: number | undefined): number {
  if (asked === undefined) return bucketWidth(spanMs) * 1_000;
  const least = Math.ceil(spanMs / 1_000 / MAX_BUCKETS);
  if (asked >= least) return asked * 1_000;
  throw DomainError.invalid({
    field: 'bucket_s',
    message: `must be at least ${least} for this operation: there would be more than ${MAX_BUCKETS} buckets`,
  });
}

function sumOfReasons(probes: readonly ProbeCoverage[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { reasons } of probes) {
    for (const [reason, count] of Object.entries(reasons)) sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}
