import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ResultEntity } from '../ingest/index.js';
import { ProbeVersionsService } from '../presence/index.js';
import { ProbesService } from '../probes/index.js';
import { DecodedTexts } from './decoded-texts.js';
import { type ReadResult, ResultReader } from './result-reader.js';

/** Characters of what the raw bytes say: more is not held in memory. */
const MOST_TEXT = 8 * 1024 * 1024;
const KNOWN_PROBES = 20_000;
/** A probe may be removed: it is looked up again after so long. */
const KNOWN_MS = 60_000;

/** What others than us call a probe. */
interface NumberedProbe {
  number: number;
  /** of its program when it made the result; undefined: it did not say, or that is not kept any more */
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
  private readonly numbers = new LRUCache<string, number>({ max: KNOWN_PROBES, ttl: KNOWN_MS });

  constructor(
    private readonly reader: ResultReader,
    private readonly texts: DecodedTexts,
    private readonly probes: ProbesService,
    private readonly versions: ProbeVersionsService,
  ) {}

  /**
   * @param read with both parts, where they are small
   * @param gone ends the waiting for a turn
   * @returns undefined: its probe is none any more
   * @throws DomainError busy when too many read large results
   */
  async of(read: ReadResult, gone: AbortSignal): Promise<WholeResult | undefined> {
    const number = await this.numberOf(read.probe);
    if (number === undefined) return undefined;
    const head = read.head ?? (await this.reader.headOf(read._id));
    const version = await this.versionOf(head);
    const found = await this.texts.measure(read, 'json', MOST_TEXT, MOST_TEXT, gone);
    const decoded: unknown = found?.text === undefined ? undefined : JSON.parse(found.text);
    return { head, probe: { number, version }, decoded };
  }

  /** A probe whose clock is wrong may say that it began before it was ever here: then it is the one that has brought the result. */
  private async versionOf(head: ResultEntity): Promise<string | undefined> {
    const { probe, received_at } = head;
    const began = beganAt(head);
    const session = began && began < received_at ? await this.versions.at(probe, began) : undefined;
    return (session ?? (await this.versions.at(probe, received_at)))?.version;
  }

  private async numberOf(id: ObjectId): Promise<number | undefined> {
    const key = id.toHexString();
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const [probe] = await this.probes.getKnown([id]);
    if (probe !== undefined) this.numbers.set(key, probe.number);
    return probe?.number;
  }
}

/** When its run began, by the platform's clock; undefined: that is not known. */
function beganAt({ started_at, clock }: ResultEntity): Date | undefined {
  const offset = clock?.offset_ms ?? undefined;
  return started_at && offset !== undefined ? new Date(started_at.getTime() + offset) : undefined;
}
