import { setTimeout as delay } from 'node:timers/promises';
import { type Answer } from '../audit/evidence.js';
import { type Random } from '../random.js';
import { type Connection } from './connection.js';
import { type Diary, type Item, outcomeOf } from './diary.js';
import { type Disk } from './disk.js';

const MOST_ITEMS = 40;

/** Brings what a probe keeps: in any order, some of it twice, in pieces, or not to the end. */
export class Courier {
  private pausedUntil = 0;

  constructor(
    private readonly diary: Diary,
    private readonly random: Random,
  ) {}

  /** @param mayBreakOff it may hang up in the middle */
  async deliver(connection: Connection, disk: Disk, mayBreakOff: boolean): Promise<void> {
    const wait = this.pausedUntil - Date.now();
    if (wait > 0 || disk.outbox.size === 0) return delay(Math.min(Math.max(wait, 100), 500));
    const some = this.batch(disk);
    const items = this.random.chance(0.15) ? [...some, this.random.pick(some)] : some;
    if (mayBreakOff && this.random.chance(0.03)) {
      const sending = this.send(connection, disk, items);
      await delay(this.random.whole(0, 20));
      connection.close();
      return sending;
    }
    const half = this.random.chance(0.15) ? Math.ceil(items.length / 2) : items.length;
    const parts = [items.slice(0, half), items.slice(half)];
    await Promise.all(parts.map((part) => this.send(connection, disk, part)));
    return delay(this.random.whole(20, 400));
  }

  /** The same over several connections at once. */
  async overAll(connections: readonly Connection[], disk: Disk): Promise<void> {
    if (Date.now() < this.pausedUntil) return;
    const items = this.batch(disk);
    await Promise.all(connections.map((each) => this.send(each, disk, items)));
  }

  /** Some of what is kept: results or failed runs. */
  private batch({ outbox }: Disk): Item[] {
    const kept = [...outbox.values()];
    const results = kept.filter((item) => 'content' in item);
    const failures = kept.filter((item) => !('content' in item));
    const chosen = this.random.chance(results.length / Math.max(1, kept.length)) ? results : failures;
    return this.random.sample(chosen, this.random.whole(1, MOST_ITEMS));
  }

  private async send(connection: Connection, disk: Disk, items: readonly Item[]): Promise<void> {
    const [first] = items;
    if (first === undefined) return;
    const noted = items.map((item) => {
      const { outcome, digest } = outcomeOf(item);
      return this.diary.sending(item.operation_id, item.scheduled_at, outcome, digest);
    });
    const answer = await connection.ask('content' in first ? 'results' : 'failed', items);
    if (answer === undefined) {
      connection.close();
      return;
    }
    if ('error' in answer || answer.items.length !== items.length) {
      this.diary.complaints.push(`a good batch was answered with ${JSON.stringify(answer)}`);
      return;
    }
    for (const [index, { status, reason, retry_after_ms = 0 }] of answer.items.entries()) {
      const item = items[index];
      if (item === undefined) continue;
      noted[index]?.(status as Answer);
      if (status === 'busy') {
        this.pausedUntil = Date.now() + retry_after_ms + this.random.whole(0, 500);
        continue;
      }
      if (status === 'refused') this.diary.complaints.push(`a good item was refused: ${String(reason)}`);
      disk.delivered(item);
    }
  }
}
