import { Injectable } from '@nestjs/common';
import { DomainError } from '../../platform/errors/domain.error.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { Turnstile, TurnstileFullError } from '../../platform/limits/turnstile.js';
import { LargePartError, type Presentation } from '../../measurement/formats/format.js';
import { FORMATS } from '../../measurement/kinds/result-formats.js';
import { inPieces, measured, type Measured } from '../../measurement/formats/pieces.js';
import { GIVEN_UP, HeldReading } from './held-reading.js';
import { type ReadResult, ResultReader } from './result-reader.js';

/** Readings of large results that hold memory at the same time, whoever reads: one may hold 100 MB. */
const LARGE_AT_ONCE = 2;
const MOST_WAITING = 1_000;
const PATIENCE_MS = 10 * 60_000;
/** Bytes of one record that every reader may hold, without a turn. */
const LIGHT_PART_BYTES = 64 * 1024;

/**
 * Results at the pace of their readers, in bounded memory. Most are decoded as they are read, and hold little. Those that hold
 * more (many raw bytes, or a large record) take turns: a reader that does not get on gives its turn up when others wait, and
 * the result is decoded again when it goes on. What is read does not change by that.
 */
@Injectable()
export class DecodedTexts {
  private readonly turns = new Turnstile(LARGE_AT_ONCE, MOST_WAITING, PATIENCE_MS);

  constructor(
    private readonly reader: ResultReader,
    private readonly hits: LimitHits,
  ) {}

  /**
   * JSON text of what the raw bytes say; `null` for a failed run.
   * @param gone ends the waiting for a turn
   * @throws DomainError busy when too many wait
   */
  async *decoded(result: ReadResult, as: Presentation, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    let given = 0;
    if (result.format === undefined) yield Buffer.from('null');
    else if (result.raw === undefined) yield* this.inTurns(() => this.decodedOf(result, as), given, gone);
    else {
      try {
        const light = FORMATS[result.format].present(result.raw, as, LIGHT_PART_BYTES);
        for await (const piece of inPieces(light)) {
          given += piece.length;
          yield piece;
        }
      } catch (error) {
        if (!(error instanceof LargePartError)) throw error;
        yield* this.inTurns(() => this.decodedOf(result, as), given, gone);
      }
    }
  }

  async *raw(result: ReadResult, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    if (result.raw !== undefined) yield result.raw;
    else yield* this.inTurns(() => this.rawOf(result), 0, gone);
  }

  /** @returns how long that text is; undefined: longer than `most`. @param keep see measured() */
  async measure(
    result: ReadResult,
    as: Presentation,
    most: number,
    keep: number,
    gone: AbortSignal,
  ): Promise<Measured | undefined> {
    if (result.format === undefined) return { length: 4, text: 'null' };
    if (result.raw !== undefined) {
      try {
        return await measured(FORMATS[result.format].present(result.raw, as, LIGHT_PART_BYTES), most, keep);
      } catch (error) {
        if (!(error instanceof LargePartError)) throw error;
      }
    }
    const leave = await this.turn(gone);
    try {
      return await measured(this.decodedOf(result, as), most, keep);
    } finally {
      leave();
    }
  }

  /** Text, or bytes, that take much memory while they are read. */
  async *inTurns(
    source: () => AsyncIterable<string | Buffer>,
    from: number,
    gone: AbortSignal,
  ): AsyncGenerator<Buffer, void> {
    let next: number | undefined = from;
    while (next !== undefined) next = yield* this.oneTurn(source, next, gone);
  }

  private async *rawOf({ _id }: ReadResult): AsyncGenerator<Buffer, void> {
    yield await this.reader.rawOf(_id);
  }

  private async *decodedOf({ _id, format }: ReadResult, as: Presentation): AsyncGenerator<string, void> {
    const raw = await this.reader.rawOf(_id);
    if (format !== undefined) yield* FORMATS[format].present(raw, as);
  }

  /** @returns where to go on, in another turn; undefined: it was read to its end */
  private async *oneTurn(
    source: () => AsyncIterable<string | Buffer>,
    begin: number,
    gone: AbortSignal,
  ): AsyncGenerator<Buffer, number | undefined> {
    const held = new HeldReading(inPieces(source()), await this.turn(gone), () => this.turns.waiting > 0);
    try {
      for (let at = 0; ;) {
        const piece = await held.next();
        if (piece === GIVEN_UP) return Math.max(at, begin);
        if (piece === undefined) return undefined;
        const skipped = Math.max(0, begin - at);
        at += piece.length;
        if (skipped < piece.length) yield piece.subarray(skipped);
      }
    } finally {
      await held.giveUp();
    }
  }

  private async turn(gone: AbortSignal): Promise<() => void> {
    try {
      return await this.turns.enter(gone);
    } catch (error) {
      if (!(error instanceof TurnstileFullError)) throw error;
      this.hits.note('large_results');
      throw new DomainError('busy', 'Too many large results are being read; try again');
    }
  }
}
