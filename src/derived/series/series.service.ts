import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { capabilitiesOf, type OperationEntity } from '../../core/assignments/index.js';
import { type TailLag } from '../../core/ingest/index.js';
import { TimedResults } from '../../core/results/index.js';
import { CoverageService, type ProbeRuns } from '../../core/runs/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { numberRuns } from '../../measurement/schedule/run-numbers.js';
import { type Column, columnsOf } from './columns.js';
import { type Grouping, Groups, type Origin } from './groups.js';
import { RollupsConsumer } from './rollups.consumer.js';
import { type FoundRollup, type RollupFilter, RollupsRepository } from './rollups.repository.js';
import { observationsOf, timeOf } from './observations.js';
import {
  type Buckets,
  bucketsOf,
  checkValues,
  KEPT_STEP_MS,
  type Step,
  stepFor,
  type TimeRange,
} from './steps.js';
import { ValuesReader, type ValuesByColumn } from './values.js';

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

export interface Series extends Partial<Origin> {
  values: ValuesByColumn;
}

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
    const groups = new Groups(query.by, buckets.count, (series) => {
      checkValues(buckets, series);
    });
    const isKept = this.keeper.isOn && buckets.widthMs >= KEPT_STEP_MS;
    // before they are read: what is behind then may only be less
    const behind = isKept ? await this.keeper.lag() : NOT_BEHIND;
    const absent = new Set(query.probes?.map((probe) => probe.toHexString()));
    let left = MOST_RESULTS;
    for (const operation of operations) {
      const runs = await this.coverage.byTime(operation, now, buckets, query.probes);
      for (const { assignment, fates } of runs) {
        absent.delete(assignment.probe.toHexString());
        groups.addRuns({ operation: operation._id, probe: assignment.probe }, fates);
      }
      if (isKept) await this.readRollups(operation, runs, query.destinations, buckets, groups);
      else left = await this.calculate(operation, runs, query.destinations, buckets, groups, left);
    }
    if (absent.size > 0)
      throw new DomainError('not_found', `The operation does not have the probe ${[...absent][0] ?? ''}`);
    const found = groups.list();
    checkValues(buckets, found.length);
    const reader = new ValuesReader(kind, columns, buckets.count);
    const series: Series[] = [];
    for (const group of found) {
      const { operation, probe, destination } = group;
      series.push({
        ...(operation && { operation }),
        ...(probe && { probe }),
        ...(destination !== undefined && { destination }),
        values: await reader.read(group),
      });
    }
    return { kind, buckets, columns, series, behind };
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
    { _id: operation }: OperationEntity,
    runs: readonly ProbeRuns[],
    destinations: readonly string[] | undefined,
    buckets: Buckets,
    groups: Groups,
  ): Promise<void> {
    const cells = buckets.widthMs === DAY_MS ? 'total' : 'hours';
    const days = { from: new Date(startOfDay(buckets.from)), to: new Date(buckets.to) };
    const probes = runs.map(({ assignment }) => assignment.probe);
    for (const rollup of await this.holding({ operation, probes, ...days, destinations }, cells)) {
      const origin = { operation, probe: rollup.probe, destination: rollup.destination };
      for (const [at, cell] of cellsOf(rollup)) {
        if (at < buckets.from || at >= buckets.to) continue;
        groups.addPacked(origin, Math.floor((at - buckets.from) / buckets.widthMs), cell);
      }
    }
  }

  /** @returns rollups of the generation that holds; those of before may be deleted while they are read */
  private async holding(
    filter: Omit<RollupFilter, 'generation'>,
    cells: 'hours' | 'total',
  ): Promise<FoundRollup[]> {
    let generation = await this.generationOf(filter.operation);
    for (;;) {
      const found = await this.rollups.find({ ...filter, generation }, cells);
      const now = await this.generationOf(filter.operation);
      if (now === generation) return found;
      generation = now;
    }
  }

  private async generationOf(operation: ObjectId): Promise<number> {
    return (await this.rollups.generationsOf([operation])).get(operation.toHexString()) ?? 0;
  }

  /** Reads results. @returns how many more may be read */
  private async calculate(
    { _id: operation }: OperationEntity,
    runs: readonly ProbeRuns[],
    wanted: readonly string[] | undefined,
    buckets: Buckets,
    groups: Groups,
    most: number,
  ): Promise<number> {
    let left = most;
    const found = this.results.find({
      operation,
      probes: runs.map(({ assignment }) => assignment.probe),
      from: new Date(buckets.from),
      to: new Date(buckets.to),
      hasUnnamed: runs.some(({ assignment }) => !capabilitiesOf(assignment).namesRuns),
    });
    for await (const result of found) {
      left -= 1;
      if (left < 0) throw tooMuchToCalculate(buckets);
      const bucket = Math.floor((timeOf(result).getTime() - buckets.from) / buckets.widthMs);
      for (const { destination, ...observation } of observationsOf(result)) {
        if (wanted?.includes(destination ?? '') === false) continue;
        groups.addObserved({ operation, probe: result.probe, destination }, bucket, observation);
      }
    }
    return left;
  }
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

function tooMuchToCalculate({ widthMs }: Buckets): DomainError {
  const limit = `more than ${MOST_RESULTS} results would have to be read`;
  return widthMs < KEPT_STEP_MS
    ? DomainError.invalid({ field: 'bucket', message: `must be 1h or more for this range: ${limit}` })
    : DomainError.invalid({ field: 'from', message: `must be nearer to \`to\`: ${limit}` });
}
