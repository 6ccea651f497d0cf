import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';

/** So long after a creation that was refused the probes of its owner's next ones hear of them only when they are stored. */
const AFTER_REFUSAL_MS = 60_000;
const REMEMBERED = 10_000;

/** Which creations will probably be stored: their probes may be asked before they are, which sends what nobody pays for if they are not. */
export class Foresight {
  private readonly refused = new LRUCache<string, true>({ max: REMEMBERED, ttl: AFTER_REFUSAL_MS });

  /** @param paid whether operations cost credits */
  constructor(private readonly paid: boolean) {}

  /** @param owner as it was read for this request */
  isLikely(owner: { _id: ObjectId; credits: number }, { credits }: { credits: number }): boolean {
    return !this.refused.has(owner._id.toHexString()) && (!this.paid || owner.credits >= credits);
  }

  noteRefusal({ _id }: { _id: ObjectId }): void {
    this.refused.set(_id.toHexString(), true);
  }
}
