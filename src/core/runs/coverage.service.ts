import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { Presence, PresenceService } from '../presence/index.js';
import { type ProbeReport, type ProbeReports, ProbesService } from '../probes/index.js';
import {
  AssignedRuns,
  type AssignmentCounters,
  type AssignmentEntity,
  AssignmentsRepository,
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
import { explainMissing, hasMissing, markArrived, markSingle, type ProbeFacts } from './fates.js';
import { RestoresRepository } from './restores.repository.js';
import { type PackedSheet } from './packed-sheets.js';
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
  assignment: AssignmentCounters;
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
  assignment: AssignmentCounters;
  fates: FatesByBucket;
}

interface Account {
  assignment: AssignmentCounters;
  /** one for each stretch in which runs were asked of the probe */
  facts: StretchFacts;
  fates: RunFates;
  reasons: Record<string, number>;
  extra: number;
}

/**
 * Which runs were due, which came, and why the others did not. It reads the sheets that ingest has marked, never the results,
 * so the price depends on the runs that were asked for (1,000,000 at most, a few bits each) and not on what came.
 */
@Injectable()
export class CoverageService {
  constructor(
    private readonly operations: OperationsRepository,
    private readonly assignments: AssignmentsRepository,
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
    const assignments = only
      ? await this.single(operation._id, only)
      : await this.accounts.findCountersOfOperation(operation._id);
    const accounts = await this.accountsOf(operation, assignments, numbers, now, only);
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
    const assignments = await this.assigned(operation._id, only);
    const [single] = only?.length === 1 ? only : [];
    const accounts = await this.accountsOf(operation, assignments, numbers, now, single);
    return runsOf(accounts, range, numbers);
  }

  /** Who has to do an operation. @param only of these probes alone, those of them that the operation has */
  async assigned(operation: ObjectId, only?: readonly ObjectId[]): Promise<AssignmentCounters[]> {
    const all = await this.accounts.findCountersOfOperation(operation);
    if (only === undefined) return all;
    const wanted = new Set(only.map((probe) => probe.toHexString()));
    return all.filter(({ probe }) => wanted.has(probe.toHexString()));
  }

  private async accountsOf(
    operation: OperationEntity,
    assignments: readonly AssignmentCounters[],
    numbers: RunNumbers,
    now: Date,
    only: ObjectId | undefined,
  ): Promise<Account[]> {
    const sheets =
      numbers.count > 1 ? await this.sheetsByProbe(operation._id, only) : new Map<string, PackedSheet[]>();
    const words = new WordPool(WORDS_AT_ONCE);
    const accounts = assignments.map((assignment) =>
      open(operation, assignment, numbers, sheets.get(assignment.probe.toHexString()) ?? [], words),
    );
    await this.explain(operation._id, accounts, numbers, now);
    return accounts;
  }

  private async single(operation: ObjectId, probe: ObjectId): Promise<AssignmentCounters[]> {
    const assignment = await this.assignments.findOne(operation, probe);
    if (assignment === null) throw new DomainError('not_found', 'The operation does not have this probe');
    return [assignment];
  }

  private async sheetsByProbe(
    operation: ObjectId,
    only: ObjectId | undefined,
  ): Promise<Map<string, PackedSheet[]>> {
    return sheetsByProbe(await this.sheets.findByOperation(operation, only));
  }

  /** Asks about probes only where a run is missing. */
  private async explain(
    operation: ObjectId,
    accounts: readonly Account[],
    numbers: RunNumbers,
    now: Date,
  ): Promise<void> {
    const time = now.getTime();
    const missing = accounts.filter(({ fates, facts }) =>
      facts.some((stretch) => hasMissing(fates, numbers, stretch, time)),
    );
    const kept = missing.filter(({ facts }) => facts.some(({ serverKept }) => serverKept === true));
    const [probes, lost, begun] = await Promise.all([
      this.factsOf(operation, missing, numbers, now),
      missing.length > 0 ? this.restores.lostTimes() : [],
      this.begun.of(
        operation,
        kept.map(({ assignment }) => assignment.probe),
      ),
    ]);
    for (const { assignment, fates, facts } of accounts) {
      const key = assignment.probe.toHexString();
      const probe = probes.get(key);
      explainMissing(fates, numbers, facts, probe && { ...probe, begun: begun.get(key) }, time, lost);
    }
  }

  private async factsOf(
    operation: ObjectId,
    accounts: readonly Account[],
    numbers: RunNumbers,
    now: Date,
  ): Promise<Map<string, ProbeFacts>> {
    if (accounts.length === 0) return new Map();
    const ids = accounts.map(({ assignment }) => assignment.probe);
    const [probes, presences] = await Promise.all([
      this.probes.getReports(ids),
      this.presences.of(ids, new Date(numbers.timeOf(0)), now),
    ]);
    return new Map(
      probes.map((probe) => {
        return [
          probe._id.toHexString(),
          {
            presence: presences.get(probe._id.toHexString()) ?? NEVER_HERE,
            connected: this.probes.connectionOf(probe) !== undefined,
            ...reportOf(probe, operation),
          },
        ];
      }),
    );
  }
}

function plannedOf(assignment: AssignmentCounters, { count }: RunNumbers): number {
  return count - firstAsked(assignment);
}

/** How much later than the schedule says the probe does its runs, as it was told last. */
function offsetOf(facts: StretchFacts): number {
  return (facts.at(-1) ?? facts[0]).offsetMs;
}

function open(
  operation: OperationEntity,
  assignment: AssignmentCounters,
  numbers: RunNumbers,
  sheets: readonly PackedSheet[],
  words: WordPool,
): Account {
  const fates = new RunFates(numbers.count, words);
  const facts = factsOf(operation.schedule, assignment);
  const marked = numbers.count === 1 ? markSingle(fates, assignment) : markArrived(fates, sheets);
  return { assignment, facts, fates, ...marked, extra: marked.extra + (assignment.extra ?? 0) };
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

function reportOf({ status }: ProbeReports, operation: ObjectId): Pick<ProbeFacts, 'report'> {
  if (status === undefined) return {};
  const { at, backlog, running } = status;
  return { report: { at: at.getTime(), backlog: heldOf(backlog, operation), running } };
}

/** What a probe keeps of one operation; of those that it does not list, at most what it keeps beside its list. */
function heldOf({ results, by_operation }: ProbeReport['backlog'], operation: ObjectId): number {
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
