import { Schema } from 'mongoose';
import { type ObjectId } from '../../common/database/object-id.js';
import { type ProbeProtocol } from './probe.schema.js';

export const SESSION_MODEL = 'Session';

/** One connection of one probe. `to` and `reason` are absent while it stands. */
export interface SessionEntity {
  _id: ObjectId;
  probe: ObjectId;
  server: string;
  protocol: ProbeProtocol;
  from: Date;
  to?: Date;
  /** socket.io's word for it, `taken over`, `server stopped`, `server died` */
  reason?: string;
}

export const sessionSchema = new Schema<SessionEntity>(
  {
    probe: { type: Schema.Types.ObjectId, required: true },
    server: { type: String, required: true },
    protocol: { type: String, required: true },
    from: { type: Date, required: true },
    to: Date,
    reason: String,
  },
  { collection: 'sessions', versionKey: false },
);

// when a probe was here
sessionSchema.index({ probe: 1, from: -1 });
// what a server that died left open
sessionSchema.index({ server: 1, to: 1 });
