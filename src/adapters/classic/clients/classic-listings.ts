import { Injectable, type StreamableFile } from '@nestjs/common';
import { streamed } from '../../../platform/http/streamed.js';
import { type OperationEntity, type OperationFilter } from '../../../core/assignments/index.js';
import { OperationsService } from '../../../core/operations/index.js';
import { DecodedTexts, ResultReader } from '../../../core/results/index.js';
import { classicOperation, classicResultHead } from './classic.presenter.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** The classic listings have no pages: they are streamed, so that memory does not grow with what they list. */
@Injectable()
export class ClassicListings {
  constructor(
    private readonly operations: OperationsService,
    private readonly results: ResultReader,
    private readonly texts: DecodedTexts,
  ) {}

  one(operation: OperationEntity): StreamableFile {
    return streamed((gone) => this.operationText(operation, true, gone), { type: JSON_TYPE });
  }

  all(filter: OperationFilter, withResults: boolean): StreamableFile {
    return streamed((gone) => this.arrayText(filter, withResults, gone), { type: JSON_TYPE });
  }

  private async *arrayText(
    filter: OperationFilter,
    withResults: boolean,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer> {
    let separator = '[';
    for await (const operation of this.operations.stream(filter)) {
      yield separator;
      yield* this.operationText(operation, withResults, gone);
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  }

  private async *operationText(
    operation: OperationEntity,
    withResults: boolean,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer> {
    const head = JSON.stringify(classicOperation(operation, await this.operations.probesOf(operation)));
    if (!withResults) {
      yield head;
      return;
    }
    yield `${head.slice(0, -1)},"results":[`;
    const as = operation.result_format === 'dump' ? 'dump' : 'json';
    let separator = '';
    const stored = { operation: operation._id, outcome: 'stored' as const };
    for await (const result of this.results.read(stored, { head: false, raw: true })) {
      yield separator + classicResultHead(result);
      yield* this.texts.decoded(result, as, gone);
      yield '}';
      separator = ',';
    }
    yield ']}';
  }
}
