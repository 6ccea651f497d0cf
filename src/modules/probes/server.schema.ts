import { Schema } from 'mongoose';

export const SERVER_MODEL = 'Server';

/** A server process of this platform. Its probes count as connected while its lease stands. */
export interface ServerEntity {
  /** kept in DATA_DIR, so that a server that comes back is the same one */
  _id: string;
  lease_until: Date;
}

export const serverSchema = new Schema<ServerEntity>(
  { _id: { type: String, required: true }, lease_until: { type: Date, required: true } },
  { collection: 'servers', versionKey: false },
);
