import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type FoundOperation } from '../../../core/assignments/index.js';
import { ProbesService } from '../../../core/probes/index.js';
import { DecodedTexts, type ReadResult, ResultReader } from '../../../core/results/index.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { atlasKind, intervalOf } from '../measurements/measurement.presenter.js';
import { type Members, type Run } from '../common.js';
import { atlasResults, isShown } from './present.js';

export const ALL_PARTS = { head: true, raw: true };
/** Failed runs that are not shown. */
export const UNSHOWN = ['missed', 'given_up'];
/** Characters of what the raw bytes say: more is not held in memory. */
const MOST_TEXT = 8 * 1024 * 1024;
const KNOWN_PROBES = 20_000;
/** Versions change when a probe is updated: they are looked up again after so long. */
const KNOWN_MS = 60_000;

interface KnownProbe {
  number: number;
  version: string | undefined;
}

/** Reads what a result is made of, and words it. */
@Injectable()
export class ShownResults {
  private readonly known = new LRUCache<string, KnownProbe>({ max: KNOWN_PROBES, ttl: KNOWN_MS });

  constructor(
    private readonly reader: ResultReader,
    private readonly texts: DecodedTexts,
    private readonly probes: ProbesService,
  ) {}

  /** @returns results of Atlas, one for each destination; none where there is nothing to show */
  async of(operation: FoundOperation, read: ReadResult, gone: AbortSignal): Promise<Members[]> {
    const kind = atlasKind(operation);
    const probe = await this.probeOf(read.probe);
    if (kind === undefined || probe === undefined) return [];
    const result = read.head ?? (await this.reader.headOf(read._id));
    if (!isShown(result)) return [];
    const run: Run = {
      ...{
        msm: operation.number,
        prb: probe.number,
        version: probe.version,
        kind,
        result,
        format: read.format,
      },
      ...{ params: operation.params, stepS: intervalOf(operation) ?? undefined },
    };
    return atlasResults(run, await this.decoded(read, gone));
  }

  private async decoded(read: ReadResult, gone: AbortSignal): Promise<unknown> {
    const found = await this.texts.measure(read, 'json', MOST_TEXT, MOST_TEXT, gone);
    return found?.text === undefined ? [] : (JSON.parse(found.text) as unknown);
  }

  private async probeOf(id: ObjectId): Promise<KnownProbe | undefined> {
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
