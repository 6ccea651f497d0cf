import { type Gathering, type GatheringConsumer } from './tail-consumers.js';
import { type TailBatch, type TailField } from './tail-reader.js';

/** Results that a consumer finds after its rest of a second: from here on much comes, and fewer are written at once. */
const BUSY_BATCH = 100;
/** What a consumer is behind at the most because it gathers. */
const LONGEST_MS = 10_000;

/** What a consumer has gathered, and up to where. */
interface Gathered<Field extends TailField> {
  gathering: Gathering<Field>;
  /** the number of the last result in it */
  to: number;
}

/** Decides when a consumer that gathers writes: at once while little comes, else after ten seconds, or when it has enough. */
export class TailWindow<Field extends TailField> {
  private open: (Gathered<Field> & { beganMs: number }) | undefined;

  /** @param nowMs a clock that only goes forward */
  constructor(
    private readonly consumer: Pick<GatheringConsumer<Field>, 'gather'>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** @param count of results that the batch covers. @returns whether what is gathered is to be written now */
  async add(batch: TailBatch<Field>, count: number): Promise<boolean> {
    this.open ??= { gathering: this.consumer.gather(), to: 0, beganMs: this.nowMs() };
    const { gathering, beganMs } = this.open;
    await gathering.add(batch);
    this.open.to = batch.to;
    return count < BUSY_BATCH || gathering.isFull || this.nowMs() - beganMs >= LONGEST_MS;
  }

  /** @returns what is gathered; what comes next begins anew */
  take(): Gathered<Field> | undefined {
    const taken = this.open;
    this.open = undefined;
    return taken;
  }
}
