import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const SESSION_MODEL = 'Session';

/** How long a session is kept after its end, in seconds: 400 days. */
export const SESSION_KEPT_S = 400 * 86_400;

/** One connection of one probe. `to` and `reason` are absent while it stands. */
export interface SessionEntity {
  _id: ObjectId;
  probe: ObjectId;
  server: string;
  /** the label of its protocol, for people */
  protocol: string;
  /** of the probe's program, where it said so */
  version?: string;
  from: Date;
  to?: Date;
  /** socket.io's word for it, `taken over`, `token revoked`, `server stopped`, `server died` */
  reason?: string;
}

export const sessionSchema = new Schema<SessionEntity>(
  {
    probe: { type: Schema.Types.ObjectId, required: true },
    server: { type: String, required: true },
    protocol: { type: String, required: true },
    version: String,
    from: { type: Date, required: true },
    to: Date,
    reason: String,
  },
  { collection: 'sessions', versionKey: false },
);

// when a probe was here, newest first
sessionSchema.index({ probe: 1, from: -1, _id: -1 });
// what a server that died left open
sessionSchema.index({ server: 1, to: 1 });
// MongoDB removes what is too old; one that stands has no `to` and stays
sessionSchema.index({ to: 1 }, { expireAfterSeconds: SESSION_KEPT_S });
