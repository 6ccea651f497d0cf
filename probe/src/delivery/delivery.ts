import { doubling, Flow } from './flow.js';
import { messageOf } from '../platform/errors.js';
import { type Clock, sleep } from '../clock/clock.js';
import type { Log } from '../platform/log.js';
import {
  errorAnswerSchema,
  type FailedItem,
  type ItemAnswer,
  itemsAnswerSchema,
  PROTOCOL,
  type ResultItem,
} from '../protocol/protocol.js';
import type { ClockEstimate } from '../protocol/protocol.js';
import type { FailedBatch, RunJournal } from '../store/run-journal.js';
import { DamagedResult, type StoredResult, weightOf } from '../store/result.file.js';
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
  runJournal: RunJournal;
  results: ResultStore;
  /** Says whether the host's limit leaves room for this. */
  usage: { allows: (purpose: 'results' | 'reports') => boolean };
  log: Log;
  estimate: () => ClockEstimate;
  /** Failed runs after this moment are not told yet. */
  horizon: () => number;
}

interface Offered {
  entry: StoredEntry;
  result: StoredResult;
}

const RETRY = { least: 1_000, most: 60_000 } as const;
const JITTER = 0.3;
/** A server's words are cut to this in our log. */
const LONGEST_REASON = 100;
const LAST_ACK_MS = 2_000;

/** Brings results and failed runs to the server: one batch at a time, each kept until the server has it. */
export class Delivery {
  private link: Link | null = null;
  private working: Promise<void> = Promise.resolve();
  /** Until it is decided that nothing more is to be done: what comes behind that begins anew, and is not left. */
  private isWorking = false;
  /** Counts what came, also while a batch was under way. */
  private kicks = 0;
  private failures = 0;
  private notBefore = 0;
  private readonly resultFlow = new Flow();
  private readonly failedFlow = new Flow();
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
    if (this.isWorking) return;
    this.isWorking = true;
    this.working = this.work();
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
    try {
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
    } finally {
      this.isWorking = false;
    }
  }

  private backOff(error: unknown): void {
    this.failures++;
    const wait = doubling(RETRY, this.failures);
    this.pause(wait);
    this.parts.log.warn({ detail: messageOf(error), wait_ms: wait }, 'not delivered');
  }

  private pause(ms: number): void {
    const until = this.parts.clock.monotonic() + ms * (1 + Math.random() * JITTER);
    this.notBefore = Math.max(this.notBefore, until);
  }

  private async sendResults(link: Link): Promise<boolean> {
    if (!this.parts.usage.allows('results')) return false;
    const batch = await this.nextResults();
    if (batch.length === 0) return false;
    const items = batch.map(({ result }) => toItem(result));
    const keys = batch.map(({ entry }) => nameOf(entry));
    const answers = await this.offer(this.resultFlow, keys, () => link.request('results', items));
    if (answers === null) {
      const [first] = batch;
      if (first === undefined || !this.resultFlow.unreadable(keys)) throw new NotRead();
      this.parts.log.error({ operation_id: first.entry.id }, 'the server cannot read this result: set aside');
      await this.setAside(first.entry, 'the server could not read the result');
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
    this.pauseIfBusy(this.resultFlow, answers);
    if (stored > 0) this.parts.log.info({ results: stored, left: this.parts.results.count }, 'delivered');
    return true;
  }

  /** @returns the answers, or null when the server could not read the batch */
  private async offer(
    flow: Flow,
    keys: readonly string[],
    request: () => Promise<unknown>,
  ): Promise<ItemAnswer[] | null> {
    try {
      const answers = readAnswers(await request(), keys.length);
      if (answers !== null) flow.cameThrough(keys);
      return answers;
    } catch (error) {
      flow.didNot(keys.length);
      throw error;
    }
  }

  /** The oldest results that fit a message; those that the server could not read when there are no others. */
  private async nextResults(): Promise<Offered[]> {
    const batch = await this.takeResults(false);
    return batch.length > 0 ? batch : this.takeResults(true);
  }

  /** One that cannot be read is set aside and reported. */
  private async takeResults(suspects: boolean): Promise<Offered[]> {
    const batch: Offered[] = [];
    let bytes = 0;
    for (const entry of this.parts.results.oldest()) {
      if (batch.length >= this.resultFlow.most) break;
      if (this.resultFlow.isSuspect(nameOf(entry)) !== suspects) continue;
      const result = await this.readOrSetAside(entry);
      if (result === null) continue;
      bytes += weightOf(result);
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
      await this.setAside(entry, `the stored result was damaged: ${detail}`);
      return null;
    }
  }

  private async setAside(entry: StoredEntry, detail: string): Promise<void> {
    const cause = { reason: 'given_up', detail, clock: this.parts.estimate() } as const;
    await this.parts.runJournal.failedAlone(entry.id, entry.at, cause);
    await this.parts.results.setAside(entry);
  }

  private async sendFailed(link: Link): Promise<boolean> {
    const { runJournal, log, usage } = this.parts;
    if (!usage.allows('reports')) return false;
    const batch = this.nextFailed();
    const { items, places } = batch;
    if (items.length === 0) return false;
    const keys = places.map(({ seq }) => String(seq));
    const answers = await this.offer(this.failedFlow, keys, () => link.request('failed', items));
    if (answers === null) {
      if (!this.failedFlow.unreadable(keys)) throw new NotRead();
      log.error({ ...items[0] }, 'the server cannot read this report of a failed run: it is left out');
      await runJournal.told(batch, 1);
      return true;
    }
    const busy = answers.findIndex(({ status }) => status === 'busy');
    const told = busy === -1 ? answers.length : busy;
    await runJournal.told(batch, told);
    this.pauseIfBusy(this.failedFlow, answers);
    if (told > 0) log.info({ failed: told }, 'reported');
    return true;
  }

  private nextFailed(): FailedBatch {
    const { runJournal, horizon } = this.parts;
    const take = (suspects: boolean): FailedBatch =>
      runJournal.nextFailed(
        horizon(),
        this.failedFlow.most,
        (seq) => this.failedFlow.isSuspect(String(seq)) === suspects,
      );
    const batch = take(false);
    return batch.items.length > 0 ? batch : take(true);
  }

  private pauseIfBusy(flow: Flow, answers: readonly ItemAnswer[]): void {
    const wait = flow.waitAfter(answers);
    if (wait > 0) this.pause(wait);
  }

  private note(entry: StoredEntry, answer: ItemAnswer): void {
    this.refused++;
    this.parts.log.warn(
      {
        operation_id: entry.id,
        scheduled_at: new Date(entry.at).toISOString(),
        reason: answer.reason?.slice(0, LONGEST_REASON) ?? '',
      },
      'the server refused a result for good',
    );
  }
}

/** The server could not read a message; it is offered again. */
class NotRead extends Error {
  override readonly message = 'the server could not read the message';
}

function nameOf({ id, at }: StoredEntry): string {
  return `${id}-${at}`;
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
  destinations,
}: StoredResult): ResultItem {
  return {
    operation_id,
    scheduled_at: new Date(at).toISOString(),
    started_at,
    duration_ms,
    clock,
    format,
    content,
    ...(destinations && { destinations }),
  };
}
