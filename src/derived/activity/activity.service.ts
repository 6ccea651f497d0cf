import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { ResultsTail, type TailBatch, type TailLag, type WritingConsumer } from '../../core/ingest/index.js';
import { ActivityRepository } from './activity.repository.js';
import { ACTIVITY_KEPT_MS, type ActivityEntity } from './activity.schema.js';

const MINUTE_MS = 60_000;
export const ACTIVITY_MINUTES = 60;
const NAME = 'activity';

type Field = 'outcome' | 'received_at';

export interface Activity {
  /** runs accounted for since the platform began, failed ones too */
  results: number;
  /** how far the minutes are behind that */
  behind: Omit<TailLag, 'consumer'>;
  /** the last full ones, oldest first, without a gap */
  minutes: ActivityEntity[];
}

/**
 * Counts what all servers take in, minute by minute: a consumer of the results tail. Its collection can be emptied and is made again
 * when its position is taken away (docs/operations.md, "Derived data").
 */
@Injectable()
export class ActivityService implements OnApplicationBootstrap, WritingConsumer<Field> {
  readonly name = NAME;
  readonly start = 'beginning';
  readonly fields = ['outcome', 'received_at'] as const;

  constructor(
    private readonly repository: ActivityRepository,
    private readonly tail: ResultsTail,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.tail.consume(this);
  }

  async begin(transaction: Transaction): Promise<void> {
    await this.repository.clear(transaction);
  }

  async write({ results }: TailBatch<Field>, transaction: Transaction): Promise<void> {
    const oldest = this.clock.now().getTime() - ACTIVITY_KEPT_MS;
    const minutes = new Map<number, ActivityEntity>();
    for (const { result } of results) {
      const at = minuteOf(result.received_at);
      if (at < oldest) continue;
      const minute = minutes.get(at) ?? { minute: new Date(at), stored: 0, failed: 0 };
      minutes.set(at, minute);
      minute[result.outcome] += 1;
    }
    await this.repository.add([...minutes.values()], transaction);
  }

  /** What came in during the last hour. */
  async lastHour(): Promise<Activity> {
    const to = minuteOf(this.clock.now());
    const from = to - ACTIVITY_MINUTES * MINUTE_MS;
    // in this order: where nothing is behind, the minutes have all of these results
    const results = await this.tail.count();
    const lag = (await this.tail.lags()).find(({ consumer }) => consumer === NAME);
    const found = await this.repository.findBetween(new Date(from), new Date(to));
    const byMinute = new Map(found.map((each) => [each.minute.getTime(), each]));
    return {
      results,
      behind: { results: lag?.results ?? 0, seconds: lag?.seconds ?? 0 },
      minutes: Array.from({ length: ACTIVITY_MINUTES }, (_, index) => {
        const at = from + index * MINUTE_MS;
        return byMinute.get(at) ?? { minute: new Date(at), stored: 0, failed: 0 };
      }),
    };
  }
}

function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS;
}
