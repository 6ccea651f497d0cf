import { messageOf } from '../errors.js';
import { type Clock, sleep } from '../clock/clock.js';
import type { Log } from '../log.js';
import {
  errorAnswerSchema,
  type FailedItem,
  type ItemAnswer,
  itemsAnswerSchema,
  PROTOCOL,
  type ResultItem,
} from '../protocol.js';
import type { ClockEstimate } from '../protocol.js';
import type { Ledger } from '../store/ledger.js';
import { DamagedResult, type StoredResult } from '../store/result.file.js';
import type { ResultStore, StoredEntry } from '../store/result.store.js';

/** The way to the server. */
export interface Link {
  readonly connected: boolean;
  /** @throws Error when no acknowledgement came in time */
  request(event: 'results', items: ResultItem[]): Promise<unknown>;
  request(event: 'failed', items: FailedItem[]): Promise<unknown>;
}

export interface DeliveryParts {
  clock: Clock;
  ledger: Ledger;
  results: ResultStore;
  /** Says whether the host's limit leaves room for this. */
  usage: { allows: (purpose: 'results' | 'reports') => boolean };
  log: Log;
  estimate: () => ClockEstimate;
  /** Failed runs after this moment are not told yet. */
  horizon: () => number;
}

interface Backoff {
  least: number;
  most: number;
}

const RETRY: Backoff = { least: 1_000, most: 60_000 };
const DEFAULT_BUSY_MS = 1_000;
const JITTER = 0.3;
const LAST_ACK_MS = 2_000;
/** After so many acknowledged batches a larger one is tried again. */
const SMOOTH_BATCHES = 20;
/** How often an item that the server cannot read is offered before it is set aside. */
const MOST_UNREADABLE = 3;

/** Brings results and failed runs to the server: one batch at a time, each kept until the server has it. */
export class Delivery {
  private link: Link | null = null;
  private working: Promise<void> | null = null;
  /** Counts what came, also while a batch was under way. */
  private kicks = 0;
  private failures = 0;
  private notBefore = 0;
  /** Items in a batch: fewer when a batch did not come through, in case its size was the cause. */
  private most: number = PROTOCOL.maxBatchItems;
  private smoothBatches = 0;
  private readonly unreadable = new Map<string, number>();
  private pausing = new AbortController();
  private readonly ending = new AbortController();
  delivered = 0;
  refused = 0;

  constructor(private readonly parts: DeliveryParts) {}

  /** A connection stands: what was waiting is sent. */
  connected(link: Link): void {
    this.link = link;
    this.failures = 0;
    this.notBefore = 0;
    this.pausing.abort();
    this.pausing = new AbortController();
    this.kick();
  }

  /** Something new is to be delivered. */
  kick(): void {
    if (this.ending.signal.aborted) return;
    this.kicks++;
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
  }

  /** Sends nothing more; a batch that is under way has a moment to be acknowledged. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.pausing.abort();
    const moment = new AbortController();
    await Promise.race([this.working, sleep(this.parts.clock, LAST_ACK_MS, moment.signal)]);
    moment.abort();
  }

  private async work(): Promise<void> {
    while (this.link?.connected === true && !this.ending.signal.aborted) {
      const wait = this.notBefore - this.parts.clock.monotonic();
      if (wait > 0) {
        await sleep(this.parts.clock, wait, this.pausing.signal);
        continue;
      }
      try {
        const asked = this.kicks;
        // One after the other, so that neither waits for the other to come to an end.
        const hasSent = await this.sendResults(this.link);
        const hasTold = await this.sendFailed(this.link);
        this.failures = 0;
        if (!hasSent && !hasTold && this.kicks === asked) return;
      } catch (error) {
        this.backOff(error);
      }
    }
  }

  private backOff(error: unknown): void {
    this.failures++;
    const wait = Math.min(RETRY.most, RETRY.least * 2 ** (this.failures - 1));
    this.pause(wait);
    this.parts.log.warn({ detail: messageOf(error), wait_ms: wait }, 'not delivered');
  }

  private pause(ms: number): void {
    this.notBefore = this.parts.clock.monotonic() + ms * (1 + Math.random() * JITTER);
  }

  private async sendResults(link: Link): Promise<boolean> {
    if (!this.parts.usage.allows('results')) return false;
    const batch = await this.nextResults();
    if (batch.length === 0) return false;
    const answers = await this.offer(link, batch);
    if (answers === null) {
      await this.unreadableBatch(batch);
      return true;
    }
    let stored = 0;
    for (const [index, { entry }] of batch.entries()) {
      const answer = answers[index];
      if (answer === undefined || answer.status === 'busy') continue;
      await this.parts.results.remove(entry);
      if (answer.status === 'refused') this.note(entry, answer);
      else stored++;
    }
    this.delivered += stored;
    this.pauseIfBusy(answers);
    if (stored > 0) this.parts.log.info({ results: stored, left: this.parts.results.count }, 'delivered');
    return true;
  }

  /** @returns the answers, or null when the server could not read the batch */
  private async offer(link: Link, batch: readonly { result: StoredResult }[]): Promise<ItemAnswer[] | null> {
    const items = batch.map(({ result }) => toItem(result));
    try {
      const answers = readAnswers(await link.request('results', items), items.length);
      if (answers !== null && ++this.smoothBatches >= SMOOTH_BATCHES) {
        this.smoothBatches = 0;
        this.most = Math.min(PROTOCOL.maxBatchItems, this.most * 2);
      }
      return answers;
    } catch (error) {
      this.most = Math.max(1, Math.floor(items.length / 2));
      this.smoothBatches = 0;
      throw error;
    }
  }

  /** The oldest results that fit a message. One that cannot be read is set aside and reported. */
  private async nextResults(): Promise<{ entry: StoredEntry; result: StoredResult }[]> {
    const batch: { entry: StoredEntry; result: StoredResult }[] = [];
    let bytes = 0;
    for (const entry of this.parts.results.oldest()) {
      if (batch.length >= this.most) break;
      const result = await this.readOrSetAside(entry);
      if (result === null) continue;
      bytes += result.content.length;
      if (bytes > PROTOCOL.maxBatchBytes && batch.length > 0) break;
      batch.push({ entry, result });
    }
    return batch;
  }

  private async readOrSetAside(entry: StoredEntry): Promise<StoredResult | null> {
    try {
      return await this.parts.results.read(entry);
    } catch (error) {
      const detail = error instanceof DamagedResult ? error.message : 'the file could not be read';
      this.parts.log.error(
        { operation_id: entry.id, scheduled_at: new Date(entry.at).toISOString(), detail },
        'set aside',
      );
      await this.parts.ledger.failedAlone(entry.id, entry.at, {
        reason: 'given_up',
        detail: `the stored result was damaged: ${detail}`,
        clock: this.parts.estimate(),
      });
      await this.parts.results.setAside(entry);
      return null;
    }
  }

  /** The server could not read the message: the items go one by one, and one that it will not read alone is set aside in the end. */
  private async unreadableBatch(batch: { entry: StoredEntry }[]): Promise<void> {
    this.most = 1;
    this.smoothBatches = 0;
    const [only, ...others] = batch;
    if (only === undefined || others.length > 0) return;
    const key = `${only.entry.id}-${only.entry.at}`;
    const times = (this.unreadable.get(key) ?? 0) + 1;
    this.unreadable.set(key, times);
    if (times < MOST_UNREADABLE) {
      this.pause(RETRY.least * times);
      return;
    }
    this.unreadable.delete(key);
    this.parts.log.error({ operation_id: only.entry.id }, 'the server cannot read this result: set aside');
    await this.parts.results.setAside(only.entry);
  }

  private async sendFailed(link: Link): Promise<boolean> {
    const { ledger, log, usage } = this.parts;
    if (!usage.allows('reports')) return false;
    const batch = ledger.nextFailed(this.parts.horizon());
    if (batch.items.length === 0) return false;
    const answers = readAnswers(await link.request('failed', batch.items), batch.items.length);
    if (answers === null) throw new Error('the server could not read the report of failed runs');
    const busy = answers.findIndex(({ status }) => status === 'busy');
    const told = busy === -1 ? answers.length : busy;
    await ledger.told(batch, told);
    this.pauseIfBusy(answers);
    if (told > 0) log.info({ failed: told }, 'reported');
    return true;
  }

  private pauseIfBusy(answers: readonly ItemAnswer[]): void {
    const busy = answers.filter(({ status }) => status === 'busy');
    if (busy.length > 0) this.pause(Math.max(...busy.map((each) => each.retry_after_ms ?? DEFAULT_BUSY_MS)));
  }

  private note(entry: StoredEntry, answer: ItemAnswer): void {
    this.refused++;
    this.parts.log.warn(
      { operation_id: entry.id, scheduled_at: new Date(entry.at).toISOString(), reason: answer.reason ?? '' },
      'the server refused a result for good',
    );
  }
}

/** @returns null when the server said that it could not read the message; @throws Error for an answer that is none */
function readAnswers(answer: unknown, expected: number): ItemAnswer[] | null {
  if (errorAnswerSchema.safeParse(answer).success) return null;
  const read = itemsAnswerSchema.safeParse(answer);
  if (!read.success || read.data.items.length !== expected)
    throw new Error('the acknowledgement cannot be read');
  return read.data.items;
}

function toItem({
  operation_id,
  at,
  started_at,
  duration_ms,
  clock,
  format,
  content,
}: StoredResult): ResultItem {
  return {
    operation_id,
    scheduled_at: new Date(at).toISOString(),
    started_at,
    duration_ms,
    clock,
    format,
    content,
  };
}
