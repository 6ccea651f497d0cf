import { Schema } from 'mongoose';

export const SERVER_MODEL = 'Server';

/** A server process of this platform. Its probes count as connected while its lease stands. All times are the database's. */
export interface ServerEntity {
  /** kept in DATA_DIR, so that a server that comes back is the same one */
  _id: string;
  /** of one process: two that run with one id are a mistake of whoever copied a DATA_DIR */
  boot: string;
  renewed_at: Date;
  lease_until: Date;
  /** the lease was over before it was renewed last: others may have taken this server for dead */
  lapsed: boolean;
}

export const serverSchema = new Schema<ServerEntity>(
  {
    _id: { type: String, required: true },
    boot: { type: String, required: true },
    renewed_at: { type: Date, required: true },
    lease_until: { type: Date, required: true },
    lapsed: { type: Boolean, required: true },
  },
  { collection: 'servers', versionKey: false },
);
