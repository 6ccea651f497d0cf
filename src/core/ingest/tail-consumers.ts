import { type Transaction } from '../../platform/database/transactions.service.js';
import { type TailBatch, type TailField } from './tail-reader.js';

interface Consumer<Field extends TailField> {
  /** of its position, and of its lease: unique, and never changed */
  name: string;
  /** where it begins when it has no position: at the first result that the log has, or with the next one that comes */
  start: 'beginning' | 'now';
  /** what it needs of a result beside its ids */
  fields: readonly Field[];
  /** Empties what it has made, when it begins: there is no position, or the log began anew. */
  begin?(transaction: Transaction): Promise<void>;
}

/**
 * Exactly once: what it writes to MongoDB in the transaction and the move of its position are one. The transaction may be repeated, so
 * it must have no other effect.
 */
export interface WritingConsumer<Field extends TailField> extends Consumer<Field> {
  write(batch: TailBatch<Field>, transaction: Transaction): Promise<void>;
}

/** At least once: the position moves when it has returned. It must end soon after the signal is aborted. */
export interface ActingConsumer<Field extends TailField> extends Consumer<Field> {
  act(batch: TailBatch<Field>, signal: AbortSignal): Promise<void>;
}

/** Exactly once, as a writing consumer. While much comes it takes several batches, and writes what they add up to (TailWindow). */
export interface GatheringConsumer<Field extends TailField> extends Consumer<Field> {
  /** @returns what nothing was added to yet */
  gather(): Gathering<Field>;
}

/** Batches that a consumer has taken and not written. It is dropped where they are never written: they are read again then. */
export interface Gathering<Field extends TailField> {
  add(batch: TailBatch<Field>): Promise<void>;
  /** Whether more should not be written at once. */
  readonly isFull: boolean;
  /** Has no effect outside the transaction, which may be repeated. */
  write(transaction: Transaction): Promise<void>;
}

export type TailConsumer<Field extends TailField> =
  | WritingConsumer<Field>
  | GatheringConsumer<Field>
  | ActingConsumer<Field>;
