import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const AUDIT_MODEL = 'AuditEntry';
/** What has begun and is not written down as done: few, for moments. */
export const BEGUN_COLLECTION = 'audit_begun';

/** One thing that a superuser did. Nothing ever changes or deletes an entry. */
export interface AuditEntity {
  _id: ObjectId;
  at: Date;
  /** absent: somebody with a shell beside the server */
  actor?: ObjectId;
  /** what the actor was called then */
  actor_email?: string;
  /** how: `token`, `key:<id>`, `shell` */
  via: string;
  /** from where: an IPv4 address, or the /64 of an IPv6 address */
  address?: string;
  /** a route (`POST /api/v1/users/{id}/suspend`), or a command */
  action: string;
  /** what it was done to: an id, or a name */
  target?: string;
  reason?: string;
  before?: object;
  after?: object;
  /** the log has the request under this id */
  request_id?: string;
  /** the server ended in the middle of it: whether it was done is to be seen at what it was done to */
  unfinished?: true;
}

export const auditSchema = new Schema<AuditEntity>(
  {
    at: { type: Date, required: true },
    actor: Schema.Types.ObjectId,
    actor_email: String,
    via: { type: String, required: true },
    address: String,
    action: { type: String, required: true },
    target: String,
    reason: String,
    before: Schema.Types.Mixed,
    after: Schema.Types.Mixed,
    request_id: String,
    unfinished: Boolean,
  },
  { collection: 'audit', versionKey: false },
);

// newest first; of one thing; of one superuser
auditSchema.index({ at: -1, _id: -1 });
auditSchema.index({ target: 1, at: -1, _id: -1 });
auditSchema.index({ actor: 1, at: -1, _id: -1 });
