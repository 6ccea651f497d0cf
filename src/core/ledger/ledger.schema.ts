import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const LEDGER_MODEL = 'LedgerEntry';

export const LEDGER_REASONS = ['grant', 'operation', 'refund', 'results', 'taken', 'lapsed'] as const;
export type LedgerReason = (typeof LEDGER_REASONS)[number];

/** One change of one balance. The sum of an account's entries is its balance, at every moment. */
export interface LedgerEntity {
  _id: ObjectId;
  user: ObjectId;
  /** credits; negative: paid */
  amount: number;
  balance_after: number;
  reason: LedgerReason;
  /** what it was for; unique, so that nothing is paid twice: `operation:<id>`, `results:<batch>:<user>` ... */
  reference: string;
  /** what a superuser said of it */
  note?: string;
  at: Date;
}

export const ledgerSchema = new Schema<LedgerEntity>(
  {
    user: { type: Schema.Types.ObjectId, required: true },
    amount: { type: Number, required: true },
    balance_after: { type: Number, required: true },
    reason: { type: String, required: true, enum: LEDGER_REASONS },
    reference: { type: String, required: true },
    note: String,
    at: { type: Date, required: true },
  },
  { collection: 'ledger', versionKey: false },
);

// exactly once
ledgerSchema.index({ reference: 1 }, { unique: true });
// an account's statement, newest first
ledgerSchema.index({ user: 1, at: -1, _id: -1 });
