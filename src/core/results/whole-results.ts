import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ResultEntity } from '../ingest/index.js';
import { ProbesService } from '../probes/index.js';
import { DecodedTexts } from './decoded-texts.js';
import { type ReadResult, ResultReader } from './result-reader.js';

/** Characters of what the raw bytes say: more is not held in memory. */
const MOST_TEXT = 8 * 1024 * 1024;
const KNOWN_PROBES = 20_000;
/** Versions change when a probe is updated: they are looked up again after so long. */
const KNOWN_MS = 60_000;

/** What others than us call a probe. */
interface NumberedProbe {
  number: number;
  /** of its program; undefined: it did not say */
  version: string | undefined;
}

/** A result with all that those who word it in another platform's terms need to know. */
export interface WholeResult {
  head: ResultEntity;
  probe: NumberedProbe;
  /** what the raw bytes say; null: none were brought, or they are not kept any more; undefined: it is too long to be held */
  decoded: unknown;
}

/** The parts that results are to be read with, so that nothing of them is read again. */
export const WHOLE = { head: true, raw: true } as const;

/** Reads all that a result is made of, one result at a time. */
@Injectable()
export class WholeResults {
  private readonly known = new LRUCache<string, NumberedProbe>({ max: KNOWN_PROBES, ttl: KNOWN_MS });

  constructor(
    private readonly reader: ResultReader,
    private readonly texts: DecodedTexts,
    private readonly probes: ProbesService,
  ) {}

  /**
   * @param read with both parts, where they are small
   * @param gone ends the waiting for a turn
   * @returns undefined: its probe is none any more
   * @throws DomainError busy when too many read large results
   */
  async of(read: ReadResult, gone: AbortSignal): Promise<WholeResult | undefined> {
    const probe = await this.probeOf(read.probe);
    if (probe === undefined) return undefined;
    const head = read.head ?? (await this.reader.headOf(read._id));
    const found = await this.texts.measure(read, 'json', MOST_TEXT, MOST_TEXT, gone);
    const decoded: unknown = found?.text === undefined ? undefined : JSON.parse(found.text);
    return { head, probe, decoded };
  }

  private async probeOf(id: ObjectId): Promise<NumberedProbe | undefined> {
    const key = id.toHexString();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const [probe] = await this.probes.getKnown([id]);
    if (probe === undefined) return undefined;
    const found = { number: probe.number, version: probe.connection?.version };
    this.known.set(key, found);
    return found;
  }
}
