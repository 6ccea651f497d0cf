import { Schema } from 'mongoose';

export const LEASE_MODEL = 'Lease';

/** Who does a piece of periodic work now; the clock is the database's. */
export interface LeaseEntity {
  /** the piece of work */
  _id: string;
  /** one server process; another after a restart */
  holder: string;
  /** from then on somebody else may take it */
  until: Date;
}

export const leaseSchema = new Schema<LeaseEntity>(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { collection: 'leases', versionKey: false },
);
