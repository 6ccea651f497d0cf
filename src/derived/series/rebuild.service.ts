import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { OperationKinds } from '../../core/assignments/index.js';
import { ResultsTail } from '../../core/ingest/index.js';
import { FIELDS, RollupWriter } from './rollup-writer.js';
import { ROLLUPS } from './rollups.consumer.js';
import { RollupsRepository } from './rollups.repository.js';

export interface Rebuilt {
  /** results that were read */
  results: number;
  /** rollups of before that were deleted */
  deleted: number;
}

/**
 * Makes rollups anew from results, while the servers go on: beside those that hold, as another generation, up to where these are.
 * Then that generation holds, in a transaction in which nobody can move the position of these.
 */
@Injectable()
export class RebuildService {
  constructor(
    private readonly tail: ResultsTail,
    private readonly writer: RollupWriter,
    private readonly repository: RollupsRepository,
    private readonly transactions: TransactionsService,
    private readonly operations: OperationKinds,
  ) {}

  /**
   * @param operation of this one alone
   * @throws Error when there are no rollups, since no server keeps any; and where results are deleted that the rollups still hold
   */
  async rebuild(operation?: ObjectId, tell: (results: number) => void = () => undefined): Promise<Rebuilt> {
    if (await this.operations.lackResults(operation))
      throw new Error(
        operation === undefined
          ? 'results of some operations were deleted by their retention, and the rollups alone still hold them: name an operation by --operation of which all results are there'
          : 'results of this operation were deleted by its retention, and the rollups alone still hold them: they stay as they are',
      );
    const generation = await this.repository.nextGeneration();
    let at = 0;
    let results = 0;
    do {
      const to = await this.tail.positionOf(ROLLUPS);
      if (to === undefined)
        throw new Error('there are no rollups yet: a server with SERIES_ROLLUPS makes them');
      for await (const batch of this.tail.again(at, to, FIELDS, operation)) {
        await this.writer.add(batch.results, undefined, generation);
        results += batch.results.length;
        tell(results);
      }
      at = to;
    } while (
      !(await this.transactions.run((transaction) => this.use(generation, at, operation, transaction)))
    );
    return { results, deleted: await this.repository.deleteOld() };
  }

  /** @returns whether the rollups that hold are of the same results as the new ones, and these hold now */
  private async use(
    generation: number,
    at: number,
    operation: ObjectId | undefined,
    transaction: Transaction,
  ): Promise<boolean> {
    if ((await this.tail.hold(ROLLUPS, transaction)) !== at) return false;
    await this.repository.use(generation, operation, transaction);
    return true;
  }
}
