import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import {
  type AssignmentCounters,
  RunAccountsRepository,
  type ScheduledOperation,
  OperationsRepository,
} from '../assignments/index.js';
import { factsOf } from './assignment-facts.js';
import { type AssignmentFacts } from './fates.js';
import { MarkedRuns } from './marked-runs.js';
import { type RunSheetEntity, RUNS_PER_SHEET } from './run-sheet.schema.js';
import { RunSheetsRepository, sheetsByProbe } from './run-sheets.repository.js';

/** Runs of one operation that were due and of which nothing came. */
export interface MissingRuns {
  operation: ObjectId;
  owner: ObjectId;
  missing: number;
}

/** Counts what did not come, by schedules and run sheets: the price depends on who had to measure, and not on what was measured. */
@Injectable()
export class MissingRunsService {
  constructor(
    private readonly operations: OperationsRepository,
    private readonly accounts: RunAccountsRepository,
    private readonly sheets: RunSheetsRepository,
  ) {}

  /**
   * Of runs that were due from `from` to `to`, without those that failed, were refused, or were stopped before.
   * @yields for each operation that may have had any
   */
  async *between(from: Date, to: Date): AsyncGenerator<MissingRuns, void> {
    for await (const operation of this.operations.streamGoingOn(from, to)) {
      yield { operation: operation._id, owner: operation.owner, missing: await this.of(operation, from, to) };
    }
  }

  private async of({ _id, schedule }: ScheduledOperation, from: Date, to: Date): Promise<number> {
    const numbers = numberRuns(schedule);
    const assignments = await this.accounts.findCountersOfOperation(_id);
    const ranges = assignments.map((assignment) =>
      factsOf(schedule, assignment)
        .map((stretch) => rangeOf(numbers, stretch, from.getTime(), to.getTime()))
        .filter(({ first, end }) => end > first),
    );
    const due = ranges.flat();
    if (due.length === 0) return 0;
    const first = Math.min(...due.map((range) => range.first));
    const end = Math.max(...due.map((range) => range.end));
    const sheets = numbers.count > 1 ? await this.sheetsOf(_id, assignments, first, end) : undefined;
    return assignments.reduce((sum, assignment, index) => {
      const own = ranges[index] ?? [];
      if (own.length === 0) return sum;
      const marked =
        numbers.count === 1
          ? MarkedRuns.single(assignment)
          : MarkedRuns.onSheets(first, end, sheets?.get(assignment.probe.toHexString()) ?? []);
      return own.reduce((missing, range) => missing + missingIn(marked, range), sum);
    }, 0);
  }

  private async sheetsOf(
    operation: ObjectId,
    assignments: readonly AssignmentCounters[],
    first: number,
    end: number,
  ): Promise<Map<string, RunSheetEntity[]>> {
    const found = await this.sheets.findRange(
      operation,
      assignments.map(({ probe }) => probe),
      Math.floor(first / RUNS_PER_SHEET),
      Math.floor((end - 1) / RUNS_PER_SHEET),
    );
    return sheetsByProbe(found);
  }
}

interface Range {
  first: number;
  end: number;
}

function missingIn(marked: MarkedRuns, { first, end }: Range): number {
  const { came, failed, excused } = marked.count(first, end);
  return end - first - came - failed - excused;
}

/** The runs of a stretch that were due then, the last one excluded. */
function rangeOf(
  numbers: RunNumbers,
  { refused, offsetMs, firstRun = 0, endRun = Infinity, stoppedAt = Infinity }: AssignmentFacts,
  from: number,
  to: number,
): Range {
  if (refused) return { first: 0, end: 0 };
  const lastUntil = (time: number) => numbers.lastUntil(time - offsetMs) + 1;
  return {
    first: Math.max(firstRun, lastUntil(from - 1)),
    end: Math.min(endRun, lastUntil(Math.min(to, stoppedAt))),
  };
}
