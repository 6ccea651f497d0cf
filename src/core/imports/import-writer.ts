import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { NumbersService, type Sequence } from '../../platform/database/numbers/numbers.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import {
  RunAccountsRepository,
  type ImportedPart,
  OPERATION_NUMBERS,
  OperationRetentionRepository,
  OperationsRepository,
} from '../assignments/index.js';
import { PROBE_NUMBERS, ProbesRepository } from '../probes/index.js';
import { announced, RESULT_MODEL, type ResultEntity, ResultsTail } from '../ingest/index.js';
import { type ImportEntity, type ImportError } from './import.schema.js';
import { type ImportTarget } from './import-targets.js';
import { ImportsRepository } from './imports.repository.js';
import { type FileResult } from './records.js';

/** Another importer has taken the job: it goes on. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError';
}

export interface Placed {
  result: FileResult;
  target: ImportTarget;
}

/** Some records of a file, one after the other. */
export interface ImportBatch {
  records: number;
  skipped: number;
  errors: readonly ImportError[];
  placed: readonly Placed[];
}

/** Stores a batch of a file in one transaction: results, what was made for them, their names for the tail, and how far the job is. */
@Injectable()
export class ImportWriter {
  constructor(
    @InjectModel(RESULT_MODEL) private readonly results: Model<ResultEntity>,
    private readonly jobs: ImportsRepository,
    private readonly operations: OperationsRepository,
    private readonly retentions: OperationRetentionRepository,
    private readonly accounts: RunAccountsRepository,
    private readonly probes: ProbesRepository,
    private readonly tail: ResultsTail,
    private readonly transactions: TransactionsService,
    private readonly numbers: NumbersService,
    private readonly clock: PlatformClock,
  ) {}

  /** @throws JobLostError */
  async write(job: ImportEntity, holder: string, batch: ImportBatch): Promise<void> {
    const reference = `import:${new ObjectId().toHexString()}`;
    await this.transactions.run(async (transaction) => {
      const fresh = await this.freshOf(batch.placed, transaction);
      const progress = {
        ...{ records: batch.records, skipped: batch.skipped, refused: batch.errors.length },
        ...{ stored: fresh.length, duplicates: batch.placed.length - fresh.length, errors: batch.errors },
        operations: [
          ...new Map(fresh.map(({ target }) => [String(target.operation), target.operation])).values(),
        ],
      };
      // first: who has lost the job writes nothing
      if (!(await this.jobs.advance(job._id, holder, progress, transaction))) throw new JobLostError();
      if (fresh.length > 0) await this.store(job, fresh, reference, transaction);
    });
  }

  private async store(
    job: ImportEntity,
    fresh: readonly Placed[],
    reference: string,
    transaction: Transaction,
  ): Promise<void> {
    const now = this.clock.now();
    const documents = fresh.map((placed) => documentOf(placed, job, now));
    const made = fresh.flatMap(({ target }) => target.made ?? []);
    await this.operations.insertAll(
      await this.numbered(
        made.map(({ operation }) => operation),
        OPERATION_NUMBERS,
        (ids) => this.operations.findExisting(ids, transaction),
      ),
      transaction,
    );
    await this.probes.insertImported(
      await this.numbered(
        made.map(({ probe }) => probe),
        PROBE_NUMBERS,
        (ids) => this.probes.findExisting(ids, transaction),
      ),
      transaction,
    );
    for (const part of partsOf(fresh)) {
      const { counts, ...members } = part;
      const isNew = await this.accounts.addImported(members, counts, now, transaction);
      if (isNew) await this.operations.addProbes(part.operation, 1, transaction);
    }
    await this.retentions.sweepAgain(
      fresh.map(({ target }) => target.operation),
      transaction,
    );
    await this.results.collection.insertMany(documents, { session: transaction });
    // what is made of results would count again what was only put back
    const unknown = fresh.filter(({ target }) => target.wasHere !== true).map(({ target }) => target._id);
    if (unknown.length > 0) await this.tail.announce(announced(reference, unknown), transaction);
  }

  /** @returns those that are not there yet, each once, with a number */
  private async numbered<T extends { _id: ObjectId }>(
    made: readonly T[],
    sequence: Sequence,
    existing: (ids: readonly ObjectId[]) => Promise<Set<string>>,
  ): Promise<(T & { number: number })[]> {
    const each = [...new Map(made.map((one) => [String(one._id), one])).values()];
    if (each.length === 0) return [];
    const there = await existing(each.map(({ _id }) => _id));
    const missing = each.filter(({ _id }) => !there.has(String(_id)));
    const numbers = await this.numbers.takeMany(sequence, missing.length);
    return missing.map((one, index) => ({ ...one, number: numbers[index] as number }));
  }

  /** @returns those that are not stored yet, each once */
  private async freshOf(placed: readonly Placed[], transaction: Transaction): Promise<Placed[]> {
    if (placed.length === 0) return [];
    const keys = placed.map(({ target: { operation, probe, uniqueCode } }) => ({
      ...{ operation, probe, unique_code: uniqueCode },
    }));
    const known = await this.results.collection
      .find<Pick<ResultEntity, '_id' | 'operation' | 'probe' | 'unique_code'>>(
        { $or: [{ _id: { $in: placed.map(({ target }) => target._id) } }, ...keys] },
        { projection: { operation: 1, probe: 1, unique_code: 1 }, session: transaction },
      )
      .toArray();
    const seen = new Set(known.flatMap(({ _id, ...key }) => [String(_id), keyOf(key)]));
    return placed.filter(({ target: { _id, operation, probe, uniqueCode } }) => {
      const names = [String(_id), keyOf({ operation, probe, unique_code: uniqueCode })];
      const isFresh = names.every((name) => !seen.has(name));
      for (const name of names) seen.add(name);
      return isFresh;
    });
  }
}

/** What each probe brings to each operation that is made of the file. */
function partsOf(fresh: readonly Placed[]) {
  const parts = new Map<string, ImportedPart & { counts: { stored: number; failed: number } }>();
  for (const { result, target } of fresh) {
    if (target.made === undefined) continue;
    const { operation, probe } = target.made;
    const key = `${String(operation._id)}${String(probe._id)}`;
    const part = parts.get(key) ?? {
      ...{ operation: operation._id, probe: probe._id, probe_owner: probe.owner },
      ...{ created_at: operation.created_at, ends_at: operation.ends_at, counts: { stored: 0, failed: 0 } },
    };
    part.counts[result.members.outcome] += 1;
    parts.set(key, part);
  }
  return parts.values();
}

function keyOf({
  operation,
  probe,
  unique_code,
}: Pick<ResultEntity, 'operation' | 'probe' | 'unique_code'>): string {
  return `${String(operation)}${String(probe)}${unique_code}`;
}

function documentOf({ result, target }: Placed, job: ImportEntity, now: Date): ResultEntity {
  const { _id, operation, probe, uniqueCode } = target;
  const { members, firstReceivedAt } = result;
  return {
    ...{ _id, operation, probe, unique_code: uniqueCode, ...members, received_at: now },
    // nobody was asked for it, and nobody is paid
    ...{ uncounted: true, imported: job._id },
    ...(firstReceivedAt && { first_received_at: firstReceivedAt }),
    ...(members.format !== undefined && members.raw === undefined && { raw_deleted_at: now }),
  };
}
