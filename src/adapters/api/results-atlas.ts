import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type FoundOperation } from '../../core/assignments/index.js';
import { OperationsService } from '../../core/operations/index.js';
import {
  type ReadResult,
  type ResultFilter,
  ResultReader,
  WHOLE,
  WholeResults,
} from '../../core/results/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { atlasResultsOf } from '../../measurement/atlas/present.js';
import { Turn } from '../../platform/batching/turn.js';

/** Operations that one reader keeps, whose parameters may be long. */
const KEPT_OPERATIONS = 50;

/** Results as RIPE Atlas writes them: one array, as its API gives it, an element for each destination of a run. */
@Injectable()
export class ResultsAtlas {
  constructor(
    private readonly reader: ResultReader,
    private readonly whole: WholeResults,
    private readonly operations: OperationsService,
  ) {}

  /** @param user who reads: what they may not see any more ends the array before its end */
  async *array(filter: ResultFilter, user: UserEntity, gone: AbortSignal): AsyncGenerator<string, void> {
    const operations = new LRUCache<string, FoundOperation>({ max: KEPT_OPERATIONS });
    const operationOf = async ({ operation: id }: ReadResult): Promise<FoundOperation> => {
      const known = operations.get(id.toHexString()) ?? (await this.operations.get(id, user));
      operations.set(id.toHexString(), known);
      return known;
    };
    const turn = new Turn();
    let separator = '[';
    for await (const read of this.reader.read(filter, WHOLE)) {
      gone.throwIfAborted();
      await turn.giveWay();
      for (const result of atlasResultsOf(await operationOf(read), await this.whole.of(read, gone))) {
        yield `${separator}${JSON.stringify(result)}`;
        separator = ',';
      }
    }
    yield separator === '[' ? '[]' : ']';
  }
}
