import { Injectable } from '@nestjs/common';
import { DomainError } from '../../platform/errors/domain.error.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { Turnstile, TurnstileFullError } from '../../platform/limits/turnstile.js';
import {
  LargePartError,
  LargeResultError,
  type Presentation,
  type ReadingLimits,
} from '../../measurement/formats/format.js';
import { FORMATS } from '../../measurement/kinds/result-formats.js';
import { inPieces, measured, type Measured } from '../../measurement/formats/pieces.js';
import { GIVEN_UP, HeldReading } from './held-reading.js';
import { type ReadResult, ResultReader } from './result-reader.js';

/** Results with more raw bytes, or with a larger part, are large. */
const LIGHT_BYTES = 128 * 1024;
const LIGHT_PART_BYTES = 16 * 1024;
/** What is read without being held: a text that comes of so many bytes, and has so many characters. */
const SHORT_RAW_BYTES = 4 * 1024;
const SHORT_TEXT = 32 * 1024;
/** Readings that hold memory at the same time, whoever reads: one of a light result up to 1 MB, one of a large result 100 MB. */
const LIGHT_AT_ONCE = 64;
const LARGE_AT_ONCE = 1;
const MOST_WAITING = 1_000;
const PATIENCE_MS = 10 * 60_000;

/** Bytes that a reader has had. */
interface Given {
  bytes: number;
}

type Source = () => AsyncIterable<string | Buffer>;

/**
 * Results at the pace of their readers, in bounded memory, whatever they unpack to. Readings take turns: a reader that does not
 * get on gives its turn up when others wait, and the result is decoded again when it goes on. What is read does not change by that.
 */
@Injectable()
export class DecodedTexts {
  private readonly light = new Turnstile(LIGHT_AT_ONCE, MOST_WAITING, PATIENCE_MS);
  private readonly large = new Turnstile(LARGE_AT_ONCE, MOST_WAITING, PATIENCE_MS);

  constructor(
    private readonly reader: ResultReader,
    private readonly hits: LimitHits,
  ) {}

  /**
   * JSON text of what the raw bytes say; `null` for a failed run, and where they are not kept any more.
   * @param gone ends the waiting for a turn
   * @throws DomainError busy when too many wait
   */
  async *decoded(result: ReadResult, as: Presentation, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    const short = this.atOnce(result, as) ?? (await this.short(result, as, gone));
    if (short === undefined) yield* this.long(result, as, gone);
    else yield Buffer.from(short);
  }

  /** The same of a text that is not short. */
  async *long(result: ReadResult, as: Presentation, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    const given = { bytes: 0 };
    if (result.raw_bytes <= LIGHT_BYTES) {
      const light = () => this.textOf(result, as, { part: LIGHT_PART_BYTES });
      try {
        yield* this.inTurns(this.light, light, given, gone);
        return;
      } catch (error) {
        if (!(error instanceof LargePartError)) throw error;
      }
    }
    yield* this.inTurns(this.large, () => this.textOf(result, as), given, gone);
  }

  /**
   * Where the raw bytes came with the listing, and are few.
   * @returns the text of `decoded`, 32,768 characters at the most; undefined: it has to be read with `decoded`
   */
  atOnce({ raw, format, raw_bytes, raw_deleted_at }: ReadResult, as: Presentation): string | undefined {
    if (format === undefined || raw_deleted_at !== undefined) return 'null';
    if (raw === undefined || raw_bytes > SHORT_RAW_BYTES) return undefined;
    const text = FORMATS[format].presentAtOnce?.(raw, as);
    return text !== undefined && text.length <= SHORT_TEXT ? text : undefined;
  }

  /**
   * What `atOnce` gives, also of formats that cannot be decoded at once.
   * @param gone ends the waiting for a turn
   * @throws DomainError busy when too many wait
   */
  async short(result: ReadResult, as: Presentation, gone: AbortSignal): Promise<string | undefined> {
    const { raw, format, raw_bytes } = result;
    if (format === undefined || raw === undefined || raw_bytes > SHORT_RAW_BYTES) return undefined;
    const text = () => this.textOf(result, as, { part: LIGHT_PART_BYTES });
    try {
      return (await this.pass(this.light, gone, () => measured(text(), SHORT_TEXT)))?.text;
    } catch (error) {
      if (error instanceof LargePartError) return undefined;
      throw error;
    }
  }

  async *raw(result: ReadResult, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    const turns = result.raw_bytes <= LIGHT_BYTES ? this.light : this.large;
    yield* this.inTurns(turns, () => this.rawOf(result), { bytes: 0 }, gone);
  }

  /**
   * @param most characters of text, and bytes that it may unpack to
   * @param keep see measured()
   * @returns how long the text is; undefined: more than `most`
   */
  async measure(
    result: ReadResult,
    as: Presentation,
    most: number,
    keep: number,
    gone: AbortSignal,
  ): Promise<Measured | undefined> {
    const within = (limits: ReadingLimits) => () => measured(this.textOf(result, as, limits), most, keep);
    const light = within({ whole: most, part: LIGHT_PART_BYTES });
    const large = within({ whole: most });
    try {
      if (result.raw_bytes > LIGHT_BYTES) return await this.pass(this.large, gone, large);
      return await this.pass(this.light, gone, light).catch((error: unknown) => {
        if (!(error instanceof LargePartError)) throw error;
        return this.pass(this.large, gone, large);
      });
    } catch (error) {
      if (error instanceof LargeResultError) return undefined;
      throw error;
    }
  }

  /** Something else that takes much memory while it is read. */
  async *largeText(source: Source, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    yield* this.inTurns(this.large, source, { bytes: 0 }, gone);
  }

  private async *rawOf({ _id, raw }: ReadResult): AsyncGenerator<Buffer, void> {
    yield raw ?? (await this.reader.rawOf(_id));
  }

  private async *textOf(
    { _id, format, raw, raw_deleted_at }: ReadResult,
    as: Presentation,
    limits?: ReadingLimits,
  ): AsyncGenerator<string, void> {
    if (format === undefined || raw_deleted_at !== undefined) yield 'null';
    else yield* FORMATS[format].present(raw ?? (await this.reader.rawOf(_id)), as, limits);
  }

  private async *inTurns(
    turns: Turnstile,
    source: Source,
    given: Given,
    gone: AbortSignal,
  ): AsyncGenerator<Buffer, void> {
    while (!(yield* this.oneTurn(turns, source, given, gone)));
  }

  /** @returns whether it was read to its end; if not it goes on in another turn */
  private async *oneTurn(
    turns: Turnstile,
    source: Source,
    given: Given,
    gone: AbortSignal,
  ): AsyncGenerator<Buffer, boolean> {
    const leave = await this.turn(turns, gone);
    const held = new HeldReading(inPieces(source()), leave, () => turns.waiting > 0);
    try {
      for (let at = 0; ;) {
        const piece = await held.next();
        if (piece === GIVEN_UP) return false;
        if (piece === undefined) return true;
        const skipped = Math.max(0, given.bytes - at);
        at += piece.length;
        if (skipped >= piece.length) continue;
        given.bytes = at;
        held.handsOut();
        yield piece.subarray(skipped);
      }
    } finally {
      await held.giveUp();
    }
  }

  private async pass<T>(turns: Turnstile, gone: AbortSignal, work: () => Promise<T>): Promise<T> {
    const leave = await this.turn(turns, gone);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  private async turn(turns: Turnstile, gone: AbortSignal): Promise<() => void> {
    try {
      return await turns.enter(gone);
    } catch (error) {
      if (!(error instanceof TurnstileFullError)) throw error;
      this.hits.note('large_results');
      throw new DomainError('busy', 'Too many large results are being read; try again');
    }
  }
}
