import { Injectable, type StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { streamInParts } from '../../../platform/batching/in-parts.js';
import { sentOrStreamed } from '../../../platform/http/streamed.js';
import { type ListedOperation, type OperationFilter } from '../../../core/assignments/index.js';
import { ListedOperationsService } from '../../../core/operations/index.js';
import {
  DecodedTexts,
  type ListedFrom,
  type ListedPart,
  ListedResults,
} from '../../../core/results/index.js';
import {
  classicOperationHead,
  classicResultHead,
  classicResults,
  presentationOf,
} from './classic.presenter.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Operations of which the results and the probes are read together, and probes of these in all. */
const GROUP = { items: 20, weight: 2_000 };
/** Characters that are handed on at once. */
const ENOUGH = 16 * 1024;
const probesOf = ({ probe_count }: ListedOperation) => probe_count;

/** Characters of an answer that is sent at once. */
const SHORT = 128 * 1024;

/** The classic listings have no pages: long ones are streamed, so that memory does not grow with what they list. */
@Injectable()
export class ClassicListings {
  constructor(
    private readonly operations: ListedOperationsService,
    private readonly results: ListedResults,
    private readonly texts: DecodedTexts,
  ) {}

  one(operation: ListedOperation, response: Response): Promise<string | StreamableFile> {
    return this.answer((gone) => this.textOf([operation], '', gone), response);
  }

  all(filter: OperationFilter, withResults: boolean, response: Response): Promise<string | StreamableFile> {
    return this.answer((gone) => this.arrayText(filter, withResults, gone), response);
  }

  private answer(
    make: (gone: AbortSignal) => AsyncGenerator<string | Buffer, void>,
    response: Response,
  ): Promise<string | StreamableFile> {
    return sentOrStreamed(make, { type: JSON_TYPE }, SHORT, response);
  }

  private async *arrayText(
    filter: OperationFilter,
    withResults: boolean,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer, void> {
    let before = '[';
    for await (const group of streamInParts(this.operations.stream(filter), probesOf, GROUP)) {
      if (withResults) yield* this.textOf(group, before, gone);
      else yield before + (await this.headsOf(group)).map((head) => `${head}}`).join(',');
      before = ',';
    }
    yield before === '[' ? '[]' : ']';
  }

  /** Some operations with their results, with commas between them: what belongs to them is read together. */
  private async *textOf(
    group: readonly ListedOperation[],
    before: string,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer, void> {
    const from = group.map((operation) => ({ ...operation, as: presentationOf(operation) }));
    const parts = new Peeked(this.results.of(from, gone));
    try {
      const [heads] = await Promise.all([this.headsOf(group), parts.look()]);
      const text = new Gathered(before);
      for (const [n, operation] of from.entries()) {
        text.add(`${n === 0 ? '' : ','}${heads[n] ?? ''},"results":[`);
        yield* this.resultsOf(operation, parts, text, gone);
        text.add(']}');
      }
      yield text.take();
    } finally {
      await parts.end();
    }
  }

  /** The results of one operation, with commas between them; those of later ones stay. What is not much yet is left in `text`. */
  private async *resultsOf(
    { _id, as }: ListedFrom,
    parts: Peeked<ListedPart>,
    text: Gathered,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer, void> {
    const operation = _id.toHexString();
    let separator = '';
    for (;;) {
      const part = await parts.look();
      if (part?.operation !== operation) return;
      parts.take();
      if (part.long !== undefined) {
        text.add(separator + classicResultHead(part.long.probe.toHexString()));
        yield text.take();
        yield* this.texts.long(part.long, as, gone);
        text.add('}');
      } else if (part.results.length > 0) text.add(separator + classicResults(part.results));
      else continue;
      separator = ',';
      if (text.isMuch) yield text.take();
    }
  }

  private async headsOf(group: readonly ListedOperation[]): Promise<string[]> {
    const probes = await this.operations.probesOfAll(group);
    return group.map((operation, n) => classicOperationHead(operation, probes[n] ?? []));
  }
}

/** Short texts on their way. */
class Gathered {
  constructor(private text: string) {}

  get isMuch(): boolean {
    return this.text.length >= ENOUGH;
  }

  add(text: string): void {
    this.text += text;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

/** What comes one by one, where the next one can be looked at before it is taken. */
class Peeked<T> {
  private next: Promise<T | undefined> | undefined;

  constructor(private readonly source: AsyncGenerator<T, void>) {}

  /** @returns undefined: there are no more */
  look(): Promise<T | undefined> {
    this.next ??= this.source.next().then(({ value, done }) => (done === true ? undefined : value));
    return this.next;
  }

  take(): void {
    this.next = undefined;
  }

  async end(): Promise<void> {
    await this.source.return();
  }
}
