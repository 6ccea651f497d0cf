import { Injectable } from '@nestjs/common';
import { type Transaction } from '../../platform/database/transactions.service.js';
import {
  assignmentName,
  OperationRetentionRepository,
  type RunPosition,
  type Standing,
} from '../assignments/index.js';
import { RunSheetsRepository } from '../runs/index.js';
import { type ResultEntity } from './result.schema.js';

/** Results are kept for a minute at least: of a run that is younger none was deleted. */
const LEAST_KEPT_MS = 60_000;

interface Report {
  result: Pick<ResultEntity, 'operation' | 'probe'>;
  position: RunPosition;
}

/**
 * Tells which reports are of results that were stored and deleted since: their unique code is gone with them, and a probe that never heard
 * that they are stored sends them again. The run sheet, or the counters of a single run, still know them.
 */
@Injectable()
export class DeletedRuns {
  constructor(
    private readonly operations: OperationRetentionRepository,
    private readonly sheets: RunSheetsRepository,
  ) {}

  /** @param now milliseconds since the epoch. Costs nothing where all of them are of runs of the last minute */
  async among<Item extends Report>(
    batch: readonly Item[],
    standings: readonly Standing[],
    now: number,
    transaction: Transaction,
  ): Promise<ReadonlySet<Item>> {
    const late = batch.filter(({ position: { claim } }) => dueAt(claim) < now - LEAST_KEPT_MS);
    if (late.length === 0) return new Set();
    const operations = new Map(late.map(({ result }) => [String(result.operation), result.operation]));
    const shortened = await this.operations.findShortened([...operations.values()], transaction);
    const keptFrom = new Map(shortened.map((each) => [String(each._id), each.results_kept_from.getTime()]));
    const old = late.filter(
      ({ result, position }) => dueAt(position.claim) < (keptFrom.get(String(result.operation)) ?? 0),
    );
    const marked = await this.sheets.findMarked(old.flatMap(runOf), transaction);
    const counted = new Set(standings.filter(isAccountedFor).map(assignmentName));
    const single = old.filter(
      ({ result, position }) => position.mark === undefined && counted.has(assignmentName(result)),
    );
    return new Set([...marked.map(({ item }) => item), ...single]);
  }
}

/** @returns Infinity for what names no run: it cannot be told from another one, and its probe sends it once */
function dueAt(claim: RunPosition['claim']): number {
  return claim.type === 'named' ? claim.dueAt : Infinity;
}

function runOf<Item extends Report>(item: Item) {
  const { result, position } = item;
  if (position.mark === undefined) return [];
  return [{ operation: result.operation, probe: result.probe, run: position.mark, item }];
}

function isAccountedFor(standing: Standing): boolean {
  const { received, failed, uncounted_received = 0, uncounted_failed = 0 } = standing;
  return received + failed + uncounted_received + uncounted_failed > 0;
}
