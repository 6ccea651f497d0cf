import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { LeasesService } from '../../../platform/periodic/leases/leases.service.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { PeriodicTask } from '../../../platform/periodic/periodic-task.js';
import { type Digest } from '../../../measurement/formats/format.js';
import { digestResult, FORMATS, RESULT_FORMATS } from '../../../measurement/kinds/result-formats.js';
import { rawBytes } from '../../ingest/index.js';
import { idOf, type Renewed, RenewalRepository, type StoredResult } from './renewal.repository.js';
import { type RenewalEntity } from './renewal.schema.js';

/** Another name when the rules of any format change: everything is then looked at again. */
export const RULES = RESULT_FORMATS.map((format) => `${format}-${FORMATS[format].rules}`).join(' ');

const EVERY_MS = 30_000;
/** Another server takes over when its holder was not heard of for so long. */
const LEASE_MS = 15_000;
/** Results younger than this may still be on their way into the database. */
const SETTLED_MS = 5 * 60_000;
/** A server of before that runs beside this one stores summaries by its own rules: for so long they are looked for. */
const OVERLAP_MS = 24 * 3_600_000;
const TELL_EVERY_MS = 10_000;
const MOST_PAUSE_MS = 5_000;
/** Summaries of destinations that wait in memory to be written. */
const MOST_ENTRIES = 2_000;

interface Step {
  lookedAt: number;
  changed: number;
}

/**
 * Derives stored summaries anew from their raw bytes, once, when the rules of their format have changed. One server
 * does it in the background, a step at a time, at rest for as long as it works; a kill costs the step that it was in.
 */
@Injectable()
export class RenewalService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('summaries');
  private readonly task = new PeriodicTask(() => this.round(), {
    logger: this.logger,
    failed: 'stored summaries could not be renewed; the next round goes on',
  });
  private toldAt = -Infinity;

  constructor(
    private readonly repository: RenewalRepository,
    private readonly leases: LeasesService,
  ) {}

  onApplicationBootstrap(): void {
    this.task.begin();
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async round(): Promise<void> {
    const isDone = await this.leases.runLeased('summaries', LEASE_MS, (signal) => this.work(signal));
    if (isDone === true) this.task.cancel();
  }

  /** @returns whether nothing is left, for good */
  async work(signal: AbortSignal, now = new Date()): Promise<boolean> {
    const before = idOf(new Date(now.getTime() - SETTLED_MS));
    for (;;) {
      const note = await this.repository.note(RULES);
      if (note.done_at !== undefined) return true;
      const last = await this.repository.stepEnd(note.after, before);
      if (last === undefined) return this.rest(note, now);
      const step = await this.step(note.after, last, signal);
      if (signal.aborted) return false;
      await this.repository.advance(RULES, last, step.lookedAt, step.changed);
      this.tell(note, step);
    }
  }

  /** Rests for as long as it has worked: ingest goes first. */
  private async step(after: ObjectId | undefined, last: ObjectId, signal: AbortSignal): Promise<Step> {
    const began = performance.now();
    let [lookedAt, changed] = [0, 0];
    let renewed: Renewed[] = [];
    let entries = 0;
    for await (const result of this.repository.ofEarlierRules(after, last)) {
      if (signal.aborted) break;
      lookedAt += 1;
      const digest = await digestAnew(result);
      if (isSame(result, digest)) continue;
      renewed.push({ _id: result._id, format: result.format, digest });
      changed += 1;
      entries += digest.summary.length;
      if (entries < MOST_ENTRIES) continue;
      await this.repository.renew(renewed);
      [renewed, entries] = [[], 0];
    }
    await this.repository.renew(renewed);
    await pause(Math.min(MOST_PAUSE_MS, performance.now() - began));
    return { lookedAt, changed };
  }

  private async rest({ looked_at, changed, caught_up_at }: RenewalEntity, now: Date): Promise<boolean> {
    if (caught_up_at === undefined) {
      this.logger.log({ looked_at, changed }, 'stored summaries are renewed');
      await this.repository.caughtUp(RULES, now);
      return false;
    }
    if (now.getTime() - caught_up_at.getTime() < OVERLAP_MS) return false;
    await this.repository.done(RULES, now);
    return true;
  }

  private tell(note: RenewalEntity, step: Step): void {
    if (performance.now() - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = performance.now();
    const [looked_at, changed] = [note.looked_at + step.lookedAt, note.changed + step.changed];
    this.logger.log({ looked_at, changed }, 'renewing stored summaries');
  }
}

/** What is wrong with the probe's list of destinations, which the raw bytes do not have. */
const OF_DESTINATIONS = /^destinations[:.]/;

async function digestAnew({ format, raw, destinations, decode_error }: StoredResult): Promise<Digest> {
  const { summary, rtts, error } = await digestResult(format, rawBytes(raw), destinations);
  const other = decode_error !== undefined && OF_DESTINATIONS.test(decode_error) ? decode_error : undefined;
  const damage = error ?? other;
  return { summary, ...(rtts && { rtts }), ...(damage !== undefined && { error: damage }) };
}

function isSame({ summary, rtts, decode_error }: StoredResult, digest: Digest): boolean {
  return (
    decode_error === digest.error &&
    rawBytes(rtts).equals(digest.rtts ?? Buffer.alloc(0)) &&
    isDeepStrictEqual(summary, digest.summary)
  );
}
