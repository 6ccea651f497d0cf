import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import { type FeedFact } from './audit/evidence.js';
import { type Random } from './random.js';
import { type MadeOperation, type Registry } from './users.js';

/** Operations that are followed, the first that are made. */
const FOLLOWED = 4;
const LOOK_MS = 200;
/** A connection is given up after so long at the latest: its server may be frozen. */
const LONGEST_MS = 15_000;
const ALL_MS = 180_000;

/** Follow some operations from their first result on, by server-sent events, at either server, while everything breaks. */
export class Followers {
  private readonly followers: Follower[] = [];
  private watching: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly servers: readonly string[],
    private readonly registry: Registry,
    private readonly random: Random,
  ) {}

  /** @param end of all of it */
  begin(end: AbortSignal): void {
    this.watching = this.watch(end);
  }

  /** @param results of each operation, as they are stored. @returns what each follower saw, when it has seen as many, or some time after */
  async settle(results: readonly { operation: string }[]): Promise<FeedFact[]> {
    const stored = (operation: string) => results.filter((each) => each.operation === operation).length;
    await until(
      'followers to see all',
      () => this.followers.every(({ feed }) => feed.results.length >= stored(feed.operation)),
      ALL_MS,
    ).catch(() => undefined);
    return this.followers.map(({ feed }) => feed);
  }

  /** @returns when all connections are closed; after `end` */
  async ended(): Promise<void> {
    await this.watching;
  }

  private async watch(end: AbortSignal): Promise<void> {
    const running: Promise<void>[] = [];
    while (!end.aborted) {
      const operation = this.registry.made[this.followers.length];
      if (operation !== undefined && this.followers.length < FOLLOWED) {
        const random = this.random.branch(`follower ${this.followers.length}`);
        const follower = new Follower(this.servers, operation, random);
        this.followers.push(follower);
        running.push(follower.follow(end));
      }
      await delay(LOOK_MS);
    }
    await Promise.all(running);
  }
}

/** One that hangs up again and again, and comes back with the last id. */
class Follower {
  readonly feed: FeedFact;
  /** before the first result that there is */
  private last = '0-';

  constructor(
    private readonly servers: readonly string[],
    private readonly operation: MadeOperation,
    private readonly random: Random,
  ) {
    this.feed = { operation: operation.id, results: [], lost: [], connections: 0 };
  }

  async follow(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const hangUp = new AbortController();
      const signal = AbortSignal.any([
        end,
        hangUp.signal,
        AbortSignal.timeout(this.random.whole(1_000, LONGEST_MS)),
      ]);
      try {
        await this.take(await this.connect(signal), this.random.whole(1, 200));
      } catch {
        // the server is killed, frozen or not there yet; or it is time to hang up
      }
      hangUp.abort();
      await delay(this.random.whole(10, 300));
    }
  }

  private async connect(signal: AbortSignal): Promise<Response> {
    const { id, token } = this.operation;
    const response = await fetch(`${this.random.pick(this.servers)}/api/v1/operations/${id}/events`, {
      headers: { authorization: `Bearer ${token}`, 'last-event-id': this.last },
      signal,
    });
    if (!response.ok) throw new Error(`${response.status}`);
    this.feed.connections += 1;
    return response;
  }

  /** @param most events that it takes before it hangs up */
  private async take(response: Response, most: number): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    let left = most;
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        this.note(event);
        left -= 1;
        // what came with it was not dealt with, and comes again
        if (left <= 0) return;
      }
    }
  }

  private note(event: string): void {
    const member = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1];
    const data = JSON.parse(member('data') ?? '{}') as { result_id?: string; detail?: string };
    if (member('event') === 'result') this.feed.results.push(data.result_id ?? '');
    if (member('event') === 'lost') this.feed.lost.push(data.detail ?? '');
    this.last = member('id') ?? this.last;
  }
}
