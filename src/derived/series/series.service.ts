import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { isDeepStrictEqual } from 'node:util';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type AssignmentTerms, capabilitiesOf, type OperationEntity } from '../../core/assignments/index.js';
import { type TailLag } from '../../core/ingest/index.js';
import { TimedResults } from '../../core/results/index.js';
import { CoverageService, type ProbeRuns } from '../../core/runs/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { numberRuns } from '../../measurement/schedule/run-numbers.js';
import { Cell } from './cell.js';
import { type Column, columnsOf } from './columns.js';
import { FIGURES } from './figures.js';
import { type Group, type Grouping, Groups, type SeriesOf, tellsProbes } from './groups.js';
import { RollupsConsumer } from './rollups.consumer.js';
import { type FoundRollup, RollupsRepository } from './rollups.repository.js';
import { observationsOf, timeOf } from './observations.js';
import {
  type Buckets,
  bucketsOf,
  checkHopValues,
  checkValues,
  KEPT_STEP_MS,
  type Step,
  stepFor,
  type TimeRange,
} from './steps.js';
import { type SeriesValues, ValuesReader } from './values.js';

/** Results that one question may have calculated. */
export const MOST_RESULTS = 50_000;

export interface SeriesQuery {
  from?: Date | undefined;
  to?: Date | undefined;
  /** absent: one that fits the range */
  step?: Step | undefined;
  by: Grouping;
  probes?: readonly ObjectId[] | undefined;
  /** as they were asked for */
  destinations?: readonly string[] | undefined;
  /** names of columns; absent: all that the kind has */
  columns?: readonly string[] | undefined;
}

export interface Series extends SeriesOf, SeriesValues {}

export interface SeriesAnswer {
  kind: KindName;
  buckets: Buckets;
  columns: readonly Column[];
  series: Series[];
  /** what the rollups that it is made of do not hold yet */
  behind: Omit<TailLag, 'consumer'>;
}

const NOT_BEHIND = { results: 0, seconds: 0 };
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Rollups that one answer may be put together from: 200 MB, a part in memory at a time. */
const MOST_ROLLUPS = 60_000;
const NO_FATES = new Uint32Array();

/** What is to be answered. */
interface Question {
  kind: KindName;
  operations: readonly OperationEntity[];
  query: SeriesQuery;
  buckets: Buckets;
  /** from rollups */
  isKept: boolean;
  now: Date;
  needsRuns: boolean;
}

/** What of it is of one operation. */
interface Part {
  operation: ObjectId;
  assigned: readonly AssignmentTerms[];
  /** those of all probes are in the series, and no probe has one of its own */
  isTogether: boolean;
  destinations: readonly string[] | undefined;
  buckets: Buckets;
  groups: Groups;
  /** how much more may be read, over all operations */
  left: { results: number; rollups: number };
}

/** What results say by time: figures of buckets, of one operation or of several of one kind. */
@Injectable()
export class SeriesService {
  constructor(
    private readonly coverage: CoverageService,
    private readonly results: TimedResults,
    private readonly rollups: RollupsRepository,
    private readonly keeper: RollupsConsumer,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * @param operations of one kind, one at least
   * @throws DomainError invalid_request (a range or a column that there is not, too much to be calculated or shown), not_found (a
   *   probe that an operation does not have)
   */
  async of(
    kind: KindName,
    operations: readonly OperationEntity[],
    query: SeriesQuery,
  ): Promise<SeriesAnswer> {
    const columns = chosenFrom(kind, query.columns);
    const now = this.clock.now();
    const range = rangeOf(operations, query, now);
    const step = query.step ?? stepFor(range, runsIn(operations, range, query.probes?.length));
    const buckets = bucketsOf(range, step);
    const isKept = this.keeper.isOn && buckets.widthMs >= KEPT_STEP_MS;
    // before they are read: what is behind then may only be less
    const behind = isKept ? await this.keeper.lag() : NOT_BEHIND;
    const question = { kind, operations, query, buckets, isKept, now, needsRuns: columns.some(isOfRuns) };
    let groups: Groups | undefined;
    while (groups === undefined) groups = await this.gather(question);
    return { kind, buckets, columns, series: await seriesOf(groups, kind, columns, buckets), behind };
  }

  /** @returns undefined where other rollups hold since: those of before may have been deleted while they were read */
  private async gather({
    kind,
    operations,
    query,
    buckets,
    isKept,
    now,
    needsRuns,
  }: Question): Promise<Groups | undefined> {
    const cell = new Cell(FIGURES[kind]);
    const groups = new Groups(
      query.by,
      buckets.count,
      (series) => {
        checkValues(buckets, series);
      },
      (parts) => cell.sumOf(parts),
    );
    const ids = operations.map(({ _id }) => _id);
    const generations = await this.rollups.generationsOf(ids);
    const absent = new Set(query.probes?.map((probe) => probe.toHexString()));
    const left = { results: MOST_RESULTS, rollups: MOST_ROLLUPS };
    for (const operation of operations) {
      const assigned: AssignmentTerms[] = [];
      for (const { assignment, fates } of await this.runsOf(
        operation,
        now,
        buckets,
        query.probes,
        needsRuns,
      )) {
        assigned.push(assignment);
        absent.delete(assignment.probe.toHexString());
        groups.addRuns({ operation: operation._id, probe: assignment.probe }, fates);
      }
      const part = {
        operation: operation._id,
        assigned,
        isTogether: query.probes === undefined && !tellsProbes(query.by),
        destinations: query.destinations,
        buckets,
        groups,
        left,
      };
      if (isKept) await this.readRollups(part, generations.get(operation._id.toHexString()) ?? 0);
      else await this.calculate(part);
    }
    if (absent.size > 0)
      throw new DomainError('not_found', `The operation does not have the probe ${[...absent][0] ?? ''}`);
    const holding = isKept ? await this.rollups.generationsOf(ids) : generations;
    return isDeepStrictEqual(holding, generations) ? groups : undefined;
  }

  private async runsOf(
    operation: OperationEntity,
    now: Date,
    buckets: Buckets,
    probes: readonly ObjectId[] | undefined,
    needsRuns: boolean,
  ): Promise<Iterable<ProbeRuns>> {
    if (needsRuns) return this.coverage.byTime(operation, now, buckets, probes);
    const assigned = await this.coverage.assigned(operation._id, probes);
    return assigned.map((assignment) => ({ assignment, fates: NO_FATES }));
  }

  /**
   * @returns operations of which there are figures of a target: as it was asked for, in any way to write it
   * @throws DomainError not_found where this server keeps no rollups, which know it
   */
  async operationsOf(target: string): Promise<ObjectId[]> {
    if (this.keeper.isOn) return this.rollups.findOperations(namesOf(target));
    throw new DomainError('not_found', 'This server keeps no figures by target (SERIES_ROLLUPS)');
  }

  private async readRollups(
    { operation, assigned, isTogether, destinations, buckets, groups, left }: Part,
    generation: number,
  ): Promise<void> {
    const cells = buckets.widthMs === DAY_MS ? 'total' : 'hours';
    const days = { from: new Date(startOfDay(buckets.from)), to: new Date(buckets.to) };
    const probes = isTogether ? 'together' : assigned.map(({ probe }) => probe);
    const found = this.rollups.find({ operation, generation, probes, ...days, destinations }, cells);
    for await (const rollup of found) {
      left.rollups -= 1;
      if (left.rollups < 0) throw tooMuchToRead();
      const origin = { operation, probe: rollup.probe, destination: rollup.destination };
      let group: Group | undefined;
      for (const [at, cell] of cellsOf(rollup)) {
        if (at < buckets.from || at >= buckets.to) continue;
        group ??= groups.of(origin);
        groups.addPacked(group, Math.floor((at - buckets.from) / buckets.widthMs), cell);
      }
    }
  }

  /** Reads results. */
  private async calculate({ operation, assigned, destinations, buckets, groups, left }: Part): Promise<void> {
    const found = this.results.find({
      operation,
      probes: assigned.map(({ probe }) => probe),
      from: new Date(buckets.from),
      to: new Date(buckets.to),
      hasUnnamed: assigned.some((assignment) => !capabilitiesOf(assignment).namesRuns),
    });
    for await (const result of found) {
      left.results -= 1;
      if (left.results < 0) throw tooMuchToCalculate(buckets);
      const bucket = Math.floor((timeOf(result).getTime() - buckets.from) / buckets.widthMs);
      for (const { destination, ...observation } of observationsOf(result)) {
        if (destinations?.includes(destination ?? '') === false) continue;
        groups.addObserved({ operation, probe: result.probe, destination }, bucket, observation);
      }
    }
  }
}

async function seriesOf(
  groups: Groups,
  kind: KindName,
  columns: readonly Column[],
  buckets: Buckets,
): Promise<Series[]> {
  const found = groups.list();
  checkValues(buckets, found.length);
  const reader = new ValuesReader(kind, columns, buckets.count, (hops) => {
    checkHopValues(buckets, hops);
  });
  const series: Series[] = [];
  for (const group of found) {
    const { operation, probe, destination } = group;
    series.push({
      ...(operation && { operation }),
      ...(probe && { probe }),
      ...(destination !== undefined && { destination }),
      ...(await reader.read(group)),
    });
  }
  return series;
}

function isOfRuns({ from }: Column): boolean {
  return from === 'runs';
}

/** As people write a name or an address, and as it is written in the end. */
export function namesOf(target: string): string[] {
  const name = target.toLowerCase();
  const address = ipaddr.isValid(target) ? [ipaddr.parse(target).toString()] : [];
  return [...new Set([target, name, name.replace(/\.$/, ''), ...address])];
}

function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

/** With the time at which each begins. */
function* cellsOf({ day, hours, total }: FoundRollup): Generator<[number, Buffer], void> {
  const begin = day.getTime();
  if (total !== undefined) yield [begin, total];
  else
    for (const hour of Object.keys(hours))
      yield [begin + Number(hour.slice(1)) * HOUR_MS, hours[hour] as Buffer];
}

function chosenFrom(kind: KindName, names: readonly string[] | undefined): readonly Column[] {
  const all = columnsOf(kind);
  if (names === undefined) return all;
  const unknown = names.find((name) => all.every((column) => column.name !== name));
  if (unknown === undefined) return all.filter(({ name }) => names.includes(name));
  const message = `must be columns of ${kind}, and ${unknown} is none: ${all.map(({ name }) => name).join(', ')}`;
  throw DomainError.invalid({ field: 'metrics', message });
}

/** What was asked for; without that from the first run to now, or to the end of what is over. */
function rangeOf(operations: readonly OperationEntity[], { from, to }: SeriesQuery, now: Date): TimeRange {
  const first = Math.min(...operations.map(firstOf));
  const last = Math.min(now.getTime(), Math.max(...operations.map(lastOf))) + 1;
  const begin = from?.getTime() ?? Math.min(first, (to?.getTime() ?? Infinity) - 1);
  const end = to?.getTime() ?? Math.max(last, begin + 1);
  if (begin < end) return { from: begin, to: end };
  throw DomainError.invalid({ field: 'to', message: 'must be after `from`' });
}

function firstOf({ schedule, created_at }: OperationEntity): number {
  const numbers = numberRuns(schedule);
  return numbers.count === 0 ? created_at.getTime() : numbers.timeOf(0);
}

function lastOf({ schedule, ends_at }: OperationEntity): number {
  return ends_at.getTime() + (schedule.spread_s ?? 0) * 1_000;
}

/** @param probes of those alone */
function runsIn(
  operations: readonly OperationEntity[],
  { from, to }: TimeRange,
  probes: number | undefined,
): number {
  const counts = operations.map(({ schedule, probe_count }) => {
    const numbers = numberRuns(schedule);
    return (numbers.lastUntil(to) - numbers.lastUntil(from - 1)) * Math.min(probe_count, probes ?? Infinity);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function tooMuchToRead(): DomainError {
  const message = `must be nearer to \`to\`, or \`probe\` be given: the figures of more than ${MOST_ROLLUPS} days of probes and destinations would have to be read`;
  return DomainError.invalid({ field: 'from', message });
}

function tooMuchToCalculate({ widthMs }: Buckets): DomainError {
  const limit = `more than ${MOST_RESULTS} results would have to be read`;
  return widthMs < KEPT_STEP_MS
    ? DomainError.invalid({ field: 'bucket', message: `must be 1h or more for this range: ${limit}` })
    : DomainError.invalid({ field: 'from', message: `must be nearer to \`to\`: ${limit}` });
}
