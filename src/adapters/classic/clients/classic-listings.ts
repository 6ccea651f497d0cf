import { Injectable, type StreamableFile } from '@nestjs/common';
import { streamInParts } from '../../../platform/batching/in-parts.js';
import { streamed } from '../../../platform/http/streamed.js';
import { type OperationEntity, type OperationFilter } from '../../../core/assignments/index.js';
import { OperationsService } from '../../../core/operations/index.js';
import { DecodedTexts, ResultReader } from '../../../core/results/index.js';
import { classicOperation, classicResultHead } from './classic.presenter.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Operations of which the results and the probes are read together, and probes of these in all. */
const GROUP = { items: 20, weight: 2_000 };
const probesOf = ({ probe_count }: OperationEntity) => probe_count;

/** The classic listings have no pages: they are streamed, so that memory does not grow with what they list. */
@Injectable()
export class ClassicListings {
  constructor(
    private readonly operations: OperationsService,
    private readonly results: ResultReader,
    private readonly texts: DecodedTexts,
  ) {}

  one(operation: OperationEntity): StreamableFile {
    return streamed((gone) => this.textOf([operation], true, gone), { type: JSON_TYPE });
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
    for await (const group of streamInParts(this.operations.stream(filter), probesOf, GROUP)) {
      yield separator;
      yield* this.textOf(group, withResults, gone);
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  }

  /** Some operations, with commas between them: what belongs to them is read together. */
  private async *textOf(
    group: readonly OperationEntity[],
    withResults: boolean,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer> {
    const probes = await this.operations.probesOfAll(group);
    const heads = group.map((operation, n) => JSON.stringify(classicOperation(operation, probes[n] ?? [])));
    if (!withResults) {
      yield heads.join(',');
      return;
    }
    const stored = { operations: group.map(({ _id }) => _id), outcome: 'stored' as const };
    const results = this.results.readOfMany(stored, { head: false, raw: true });
    try {
      let next = await results.next();
      for (const [n, { _id, result_format }] of group.entries()) {
        yield `${n === 0 ? '' : ','}${heads[n]?.slice(0, -1) ?? ''},"results":[`;
        const as = result_format === 'dump' ? 'dump' : 'json';
        let separator = '';
        for (; next.done !== true && next.value.operation.equals(_id); next = await results.next()) {
          yield separator + classicResultHead(next.value);
          // of bytes that are not kept any more nothing can be said
          if (next.value.raw_deleted_at !== undefined) yield '[]';
          else yield* this.texts.decoded(next.value, as, gone);
          yield '}';
          separator = ',';
        }
        yield ']}';
      }
    } finally {
      await results.return();
    }
  }
}
