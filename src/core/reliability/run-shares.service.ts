import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { Turn } from '../../platform/batching/turn.js';
import { LONGEST_WINDOW_MS, type RunShare, WINDOW_NAMES, type WindowName, WINDOWS } from '../probes/index.js';
import { type Measured } from './uptime.service.js';
import { RunAccountsRepository, OperationsRepository, type ProbeAssignment } from '../assignments/index.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import {
  type AssignmentFacts,
  factsOf,
  type LostTime,
  MarkedRuns,
  RestoresRepository,
  RUNS_PER_SHEET,
  type RunSheetEntity,
  RunSheetsRepository,
} from '../runs/index.js';
import { decidedUntil, runsBetween, type RunRange, shareOfRuns, singleRun } from './run-shares.js';

/** Assignments that are in memory at the same time. */
const PAGE = 1_000;
/** Operations whose schedules are remembered. */
const REMEMBERED = 30_000;

export type RunShares = Record<WindowName, RunShare>;

interface Operation {
  schedule: Schedule;
  numbers: RunNumbers;
}

/** One assignment, and which of its runs were due in the longest window. */
interface Duty {
  assignment: ProbeAssignment;
  numbers: RunNumbers;
  facts: AssignmentFacts;
  measured: Measured;
  until: number;
  range: RunRange;
}

/**
 * How many of the runs that were due lately came, for some probes. It reads assignments and run sheets (1,024 runs each),
 * never results.
 */
@Injectable()
export class RunSharesService {
  private readonly known = new LRUCache<string, Operation>({ max: REMEMBERED });

  constructor(
    private readonly accounts: RunAccountsRepository,
    private readonly operations: OperationsRepository,
    private readonly sheets: RunSheetsRepository,
    private readonly restores: RestoresRepository,
  ) {}

  /** @returns by probe id, for each of these probes */
  async of(measured: readonly Measured[], now: Date): Promise<Map<string, RunShares>> {
    const byProbe = new Map(measured.map((each) => [each.probe._id.toHexString(), each]));
    const shares = new Map(measured.map(({ probe }) => [probe._id.toHexString(), noRuns()]));
    const since = new Date(now.getTime() - LONGEST_WINDOW_MS);
    const probes = measured.map(({ probe }) => probe._id);
    const lost = (await this.restores.lostTimes()).sort((a, b) => a.from - b.from);
    const turn = new Turn();
    for await (const page of this.accounts.pagesOfProbes(probes, since, PAGE)) {
      const operations = await this.operationsOf(page);
      const duties = page.flatMap((assignment) => {
        const operation = operations.get(assignment.operation.toHexString());
        const probe = byProbe.get(assignment.probe.toHexString());
        return operation && probe ? dutyOf(assignment, operation, probe, now) : [];
      });
      for (const sameOperation of groupByOperation(duties)) {
        await this.addUp(sameOperation, shares, lost, now, turn);
      }
    }
    return shares;
  }

  private async addUp(
    duties: readonly Duty[],
    shares: ReadonlyMap<string, RunShares>,
    lost: readonly LostTime[],
    now: Date,
    turn: Turn,
  ): Promise<void> {
    const sheets = await this.sheetsOf(duties);
    for (const duty of duties) {
      await turn.giveWay();
      const { assignment, numbers, facts, measured, until, range } = duty;
      const probe = assignment.probe.toHexString();
      const sum = shares.get(probe);
      if (sum === undefined) continue;
      const marked = hasSheets(duty)
        ? MarkedRuns.onSheets(range.from, range.to, sheets.get(probe) ?? [])
        : MarkedRuns.single(assignment);
      for (const name of WINDOW_NAMES) {
        const some = runsBetween(numbers, facts, now.getTime() - WINDOWS[name], until);
        const { due, came } = shareOfRuns(some, marked, numbers, facts, measured.presence, lost);
        sum[name].due += due;
        sum[name].came += came;
      }
    }
  }

  /** By probe. @param duties of one operation */
  private async sheetsOf(duties: readonly Duty[]): Promise<Map<string, RunSheetEntity[]>> {
    const byProbe = new Map<string, RunSheetEntity[]>();
    const [first] = duties;
    if (first === undefined || !hasSheets(first)) return byProbe;
    const found = await this.sheets.findRange(
      first.assignment.operation,
      duties.map(({ assignment }) => assignment.probe),
      Math.floor(Math.min(...duties.map(({ range }) => range.from)) / RUNS_PER_SHEET),
      Math.floor(Math.max(...duties.map(({ range }) => range.to)) / RUNS_PER_SHEET),
    );
    for (const sheet of found) {
      const probe = sheet.probe.toHexString();
      const own = byProbe.get(probe);
      if (own === undefined) byProbe.set(probe, [sheet]);
      else own.push(sheet);
    }
    return byProbe;
  }

  private async operationsOf(page: readonly ProbeAssignment[]): Promise<Map<string, Operation>> {
    const operations = new Map<string, Operation>();
    const unknown = new Map<string, ObjectId>();
    for (const { operation } of page) {
      const key = operation.toHexString();
      const known = this.known.get(key);
      if (known === undefined) unknown.set(key, operation);
      else operations.set(key, known);
    }
    const found = unknown.size === 0 ? [] : await this.operations.findSchedules([...unknown.values()]);
    for (const { _id, schedule } of found) {
      const operation = { schedule, numbers: numberRuns(schedule) };
      operations.set(_id.toHexString(), operation);
      this.known.set(_id.toHexString(), operation);
    }
    return operations;
  }
}

/** @returns one for each stretch in which runs were due in the longest window */
function dutyOf(
  assignment: ProbeAssignment,
  { schedule, numbers: planned }: Operation,
  measured: Measured,
  now: Date,
): Duty[] {
  const isMeasuring = measured.connected && (measured.probe.status?.running ?? 0) > 0;
  const until = decidedUntil(now.getTime(), isMeasuring);
  return factsOf(schedule, assignment).flatMap((facts): Duty[] => {
    const numbers = planned.count === 1 ? singleRun(planned.timeOf(0), facts) : planned;
    const range = runsBetween(numbers, facts, now.getTime() - LONGEST_WINDOW_MS, until);
    return range.from < range.to ? [{ assignment, numbers, facts, measured, until, range }] : [];
  });
}

function hasSheets({ numbers }: Duty): boolean {
  return numbers.count > 1;
}

function groupByOperation(duties: readonly Duty[]): Iterable<Duty[]> {
  const groups = new Map<string, Duty[]>();
  for (const duty of duties) {
    const key = duty.assignment.operation.toHexString();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [duty]);
    else group.push(duty);
  }
  return groups.values();
}

function noRuns(): RunShares {
  return { day: { due: 0, came: 0 }, week: { due: 0, came: 0 }, month: { due: 0, came: 0 } };
}
