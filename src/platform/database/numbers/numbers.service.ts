import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { InjectConnection, InjectModel } from '@nestjs/mongoose';
import { type Connection, type Model } from 'mongoose';
import { isDuplicateKey } from '../../errors/database-errors.js';
import { COUNTER_MODEL, type CounterEntity } from './counter.schema.js';

/** Whole numbers that documents of one collection have in their member `number`: each once, for ever. */
export interface Sequence {
  collection: string;
  first: number;
  /** how many a server takes at once */
  batch: number;
}

/** What this server may give to documents, lowest first. */
interface Stock {
  free: number[];
  /** behind the last number that was taken of the counter */
  end: number;
  refill: Promise<void> | undefined;
}

/**
 * Gives out numbers. A server takes a batch of the counter and gives of it from memory, so that a number costs no round trip; the next
 * batch is taken when half of one is left. What a server that died had left is given to nobody.
 */
@Injectable()
export class NumbersService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('numbers');
  private readonly stocks = new Map<Sequence, Stock>();

  constructor(
    @InjectConnection() private readonly connection: Connection,
    @InjectModel(COUNTER_MODEL) private readonly counters: Model<CounterEntity>,
  ) {}

  /** @returns a number that nobody has, or will be given: durably so */
  async take(sequence: Sequence): Promise<number> {
    const stock = this.stockOf(sequence);
    for (;;) {
      const number = stock.free.shift();
      if (number === undefined) {
        await this.refill(sequence, stock);
        continue;
      }
      if (stock.free.length < sequence.batch / 2) {
        this.refill(sequence, stock).catch((error: unknown) => {
          this.logger.warn({ err: error }, 'could not take numbers ahead; the next who needs one will');
        });
      }
      return number;
    }
  }

  /** Likewise several, lowest first. */
  async takeMany(sequence: Sequence, count: number): Promise<number[]> {
    const numbers: number[] = [];
    while (numbers.length < count) numbers.push(await this.take(sequence));
    return numbers;
  }

  /**
   * Stores a document that needs a number.
   * @param chosen by a caller; undefined: the next one
   * @param store with this number; nothing has changed where it throws
   * @throws what `store` throws; a duplicate key error of the number only where it was chosen
   */
  async give<T>(
    sequence: Sequence,
    chosen: number | undefined,
    store: (number: number) => Promise<T>,
  ): Promise<T> {
    if (chosen !== undefined) {
      this.drop(sequence, chosen);
      return store(chosen);
    }
    for (;;) {
      try {
        return await store(await this.take(sequence));
      } catch (error) {
        // somebody has chosen it: this server, or another, may have more such numbers
        if (!isNumberTaken(error)) throw error;
        await this.sift(sequence);
      }
    }
  }

  /** What is left of the last batches goes back, where no other server has taken more since. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const [{ collection }, stock] of this.stocks) {
      const { end } = stock;
      let from = end;
      while (stock.free.at(-1) === from - 1) from = stock.free.pop() ?? from;
      stock.free = [];
      if (from === end) continue;
      try {
        await this.counters.updateOne({ _id: collection, next: end }, { $set: { next: from } });
      } catch (error) {
        this.logger.warn({ err: error }, 'could not give numbers back; they stay unused');
      }
    }
  }

  private stockOf(sequence: Sequence): Stock {
    const stock = this.stocks.get(sequence) ?? { free: [], end: 0, refill: undefined };
    this.stocks.set(sequence, stock);
    return stock;
  }

  private async refill(sequence: Sequence, stock: Stock): Promise<void> {
    stock.refill ??= this.takeBatch(sequence, stock).finally(() => {
      stock.refill = undefined;
    });
    return stock.refill;
  }

  private async takeBatch(sequence: Sequence, stock: Stock): Promise<void> {
    const end = await this.advance(sequence);
    const batch = Array.from({ length: sequence.batch }, (_, index) => end - sequence.batch + index);
    stock.free.push(...(await this.untaken(sequence, batch)));
    stock.end = end;
  }

  /** @returns the counter, which has gone on by a batch: majority and journaled */
  private async advance({ collection, first, batch }: Sequence): Promise<number> {
    const next = { $add: [{ $ifNull: ['$next', first] }, batch] };
    const once = () =>
      this.counters
        .findOneAndUpdate({ _id: collection }, [{ $set: { next } }], {
          ...{ upsert: true, returnDocument: 'after', updatePipeline: true },
        })
        .lean<CounterEntity>();
    // two servers that make it at once: one of them runs into the other's
    return ((await once().catch(unlessDuplicate)) ?? (await once())).next;
  }

  /** Leaves out what somebody has chosen meanwhile. */
  private async sift(sequence: Sequence): Promise<void> {
    const stock = this.stockOf(sequence);
    const asked = [...stock.free];
    const untaken = new Set(await this.untaken(sequence, asked));
    const taken = new Set(asked.filter((number) => !untaken.has(number)));
    // more may have come meanwhile
    stock.free = stock.free.filter((number) => !taken.has(number));
  }

  private async untaken({ collection }: Sequence, numbers: readonly number[]): Promise<number[]> {
    const documents = this.connection.collection<{ number: number }>(collection);
    const taken = await documents
      .find({ number: { $in: [...numbers] } }, { projection: { _id: 0, number: 1 } })
      .toArray();
    const all = new Set(taken.map(({ number }) => number));
    return numbers.filter((number) => !all.has(number));
  }

  private drop(sequence: Sequence, number: number): void {
    const stock = this.stockOf(sequence);
    stock.free = stock.free.filter((each) => each !== number);
  }
}

/** The unique index of `number` said no. */
export function isNumberTaken(error: unknown): boolean {
  return isDuplicateKey(error) && error instanceof Error && error.message.includes('index: number_1 ');
}

function unlessDuplicate(error: unknown): null {
  if (isDuplicateKey(error)) return null;
  throw error;
}
