import { type Gathering, type GatheringConsumer } from './tail-consumers.js';
import { type TailBatch, type TailField } from './tail-reader.js';

/** Results that a consumer finds after its rest of a second: from here on much comes, and it gathers. */
const BUSY_BATCH = 100;
/** What a consumer is behind at the most because it gathers. */
const LONGEST_MS = 5_000;

/** What a consumer has gathered, and up to where. */
interface Gathered<Field extends TailField> {
  gathering: Gathering<Field>;
  /** the number of the last result in it */
  to: number;
}

/** Decides when a consumer that gathers writes: at once while little comes, else after five seconds, or when it has enough. */
export class TailWindow<Field extends TailField> {
  private open: (Gathered<Field> & { beganMs: number; isBusy: boolean }) | undefined;

  /** @param nowMs a clock that only goes forward */
  constructor(
    private readonly consumer: Pick<GatheringConsumer<Field>, 'gather'>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** @param count of results that the batch covers */
  async add(batch: TailBatch<Field>, count: number): Promise<void> {
    this.open ??= { gathering: this.consumer.gather(), to: 0, beganMs: this.nowMs(), isBusy: false };
    await this.open.gathering.add(batch);
    this.open.to = batch.to;
    this.open.isBusy ||= count >= BUSY_BATCH;
  }

  /** How long what is gathered may wait for more, milliseconds; undefined: nothing is gathered. */
  get waitMs(): number | undefined {
    if (this.open === undefined) return undefined;
    const { gathering, beganMs, isBusy } = this.open;
    return isBusy && !gathering.isFull ? Math.max(0, beganMs + LONGEST_MS - this.nowMs()) : 0;
  }

  /** @returns what is gathered; what comes next begins anew */
  take(): Gathered<Field> | undefined {
    const taken = this.open;
    this.open = undefined;
    return taken;
  }
}
