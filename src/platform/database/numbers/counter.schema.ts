import { Schema } from 'mongoose';

export const COUNTER_MODEL = 'Counter';

/** How far the numbers of one collection have been given out. */
export interface CounterEntity {
  /** the collection */
  _id: string;
  /** no number from here on was given to a server yet */
  next: number;
}

export const counterSchema = new Schema<CounterEntity>(
  { _id: { type: String, required: true }, next: { type: Number, required: true } },
  { collection: 'counters', versionKey: false },
);
