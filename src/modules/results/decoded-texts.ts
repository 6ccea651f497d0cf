import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors/domain.error.js';
import { Turnstile, TurnstileFullError } from '../../common/limits/turnstile.js';
import { type Presentation } from './formats/format.js';
import { isGzip } from './formats/gunzip.js';
import { HeldText } from './held-text.js';
import { type ResultEntity } from './result.schema.js';
import { rawBytes, ResultsService } from './results.service.js';

/** Large texts that are in memory at the same time, whoever reads them: one may have 64 MB and more. */
const LARGE_AT_ONCE = 2;
const MOST_WAITING = 1_000;
const PATIENCE_MS = 10 * 60_000;
/** A text of no more characters is handed out as it is. */
const LARGE_CHARACTERS = 1_048_576;
/** Raw bytes that can become large: in a gzip file's own words (RFC 1952, ISIZE), or by their number. */
const MAY_GROW_BYTES = 16 * 1024;
const MAY_GROW_UNZIPPED_BYTES = 256 * 1024;
const GZIP_LEAST_BYTES = 18;

/**
 * Decoded results for views that hand them out at the pace of their reader. What a slow reader has not taken yet waits in memory, so
 * large texts take turns: a reader that does not get on gives its text up when others wait, and has the result
 * decoded again when it goes on. What is read does not change by that.
 */
@Injectable()
export class DecodedTexts {
  private readonly turns = new Turnstile(LARGE_AT_ONCE, MOST_WAITING, PATIENCE_MS);

  constructor(private readonly results: ResultsService) {}

  /**
   * What ResultsService.present() gives, in pieces, most often a single one.
   * @param before stands in front of it
   * @param after stands behind it
   * @throws DomainError busy when too many wait for large ones
   */
  async *inPieces(
    result: ResultEntity,
    as: Presentation,
    before: string,
    after: string,
  ): AsyncGenerator<string | Buffer, void> {
    if (!mayGrow(rawBytes(result.raw))) {
      const text = await this.ifSmall(result, as);
      if (text !== undefined) {
        yield before + text + after;
        return;
      }
    }
    yield before;
    let from: number | undefined = 0;
    while (from !== undefined) from = yield* this.oneTurn(result, as, from);
    yield after;
  }

  /** Whatever it was taken for: who lies about its size has to wait like others. */
  private async ifSmall(result: ResultEntity, as: Presentation): Promise<string | undefined> {
    const text = await this.results.present(result, as);
    return text.length <= LARGE_CHARACTERS ? text : undefined;
  }

  /** @returns where to go on, in another turn; undefined: it was read to its end */
  private async *oneTurn(
    result: ResultEntity,
    as: Presentation,
    begin: number,
  ): AsyncGenerator<string | Buffer, number | undefined> {
    const held = await this.hold(result, as);
    try {
      if (held.length <= LARGE_CHARACTERS) {
        const text = held.takeAll();
        yield text;
        return undefined;
      }
      for (let from = begin; ;) {
        const piece = held.pieceFrom(from);
        if (piece === undefined) return from;
        from = piece.end;
        // the last piece is a copy: nothing has to be held while it is taken
        if (from >= held.length) held.giveUp();
        yield piece.bytes;
        if (from >= held.length) return undefined;
      }
    } finally {
      held.giveUp();
    }
  }

  private async hold(result: ResultEntity, as: Presentation): Promise<HeldText> {
    const leave = await this.turns.enter().catch((error: unknown) => {
      if (!(error instanceof TurnstileFullError)) throw error;
      throw new DomainError('busy', 'Too many large results are being read; try again');
    });
    try {
      return new HeldText(await this.results.present(result, as), leave, () => this.turns.waiting > 0);
    } catch (error) {
      leave();
      throw error;
    }
  }
}

function mayGrow(raw: Buffer): boolean {
  if (raw.length > MAY_GROW_BYTES) return true;
  if (!isGzip(raw) || raw.length < GZIP_LEAST_BYTES) return false;
  return raw.readUInt32LE(raw.length - 4) > MAY_GROW_UNZIPPED_BYTES;
}
