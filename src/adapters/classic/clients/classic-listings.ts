import { Injectable, type StreamableFile } from '@nestjs/common';
import { streamInParts } from '../../../platform/batching/in-parts.js';
import { streamed } from '../../../platform/http/streamed.js';
import { type OperationEntity, type OperationFilter } from '../../../core/assignments/index.js';
import { OperationsService } from '../../../core/operations/index.js';
import { DecodedTexts, type ReadResult, ResultReader } from '../../../core/results/index.js';
import { classicOperation, classicResultHead } from './classic.presenter.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Operations of which the results and the probes are read together, and probes of these in all. */
const GROUP = { items: 20, weight: 2_000 };
/** Characters that are handed on at once. */
const ENOUGH = 16 * 1024;
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
    if (!withResults) {
      yield (await this.headsOf(group)).join(',');
      return;
    }
    const stored = { operations: group.map(({ _id }) => _id), outcome: 'stored' as const };
    const groups = this.results.readOfMany(stored, { head: false, raw: true });
    try {
      const results = new OneByOne(groups);
      const [heads] = await Promise.all([this.headsOf(group), results.next()]);
      for (const [n, operation] of group.entries()) {
        yield `${n === 0 ? '' : ','}${heads[n]?.slice(0, -1) ?? ''},"results":[`;
        yield* this.resultsOf(operation, results, gone);
        yield ']}';
      }
    } finally {
      await groups.return();
    }
  }

  /** The results of one operation, with commas between them; those of later ones stay. */
  private async *resultsOf(
    { _id, result_format }: OperationEntity,
    results: OneByOne<ReadResult>,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer> {
    const as = result_format === 'dump' ? 'dump' : 'json';
    let text = '';
    let separator = '';
    for (;;) {
      const result = results.current ?? (await results.next());
      if (result?.operation.equals(_id) !== true) break;
      results.take();
      text += separator + classicResultHead(result);
      separator = ',';
      // of bytes that are not kept any more nothing can be said
      const said = result.raw_deleted_at === undefined ? this.texts.atOnce(result, as) : '[]';
      if (said === undefined || text.length + said.length > ENOUGH) {
        yield text;
        text = '';
      }
      if (said === undefined) yield* this.texts.decoded(result, as, gone);
      text += `${said ?? ''}}`;
    }
    yield text;
  }

  private async headsOf(group: readonly OperationEntity[]): Promise<string[]> {
    const probes = await this.operations.probesOfAll(group);
    return group.map((operation, n) => JSON.stringify(classicOperation(operation, probes[n] ?? [])));
  }
}

/** What comes in groups, one by one: nobody waits between those of one group. */
class OneByOne<T> {
  private group: readonly T[] = [];
  private at = 0;

  constructor(private readonly groups: AsyncIterator<readonly T[], void>) {}

  /** undefined: the group is used up */
  get current(): T | undefined {
    return this.group[this.at];
  }

  /** Goes on to the next group where this one is used up. @returns the current one; undefined: there are no more */
  async next(): Promise<T | undefined> {
    while (this.current === undefined) {
      const next = await this.groups.next();
      if (next.done === true) return undefined;
      [this.group, this.at] = [next.value, 0];
    }
    return this.current;
  }

  take(): void {
    this.at += 1;
  }
}
