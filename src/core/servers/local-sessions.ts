import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';

/** What this server knows of its own connections before the database does. */
@Injectable()
export class LocalSessions {
  /** sessions whose sockets stand here: what has ended is known before the database is told */
  private readonly standing = new Set<string>();
  /** by probe: the last change of its credits, done after those before it */
  private readonly creditChanges = new Map<string, Promise<void>>();

  add(session: ObjectId): void {
    this.standing.add(session.toHexString());
  }

  delete(session: ObjectId): void {
    this.standing.delete(session.toHexString());
  }

  /** Whether the socket of a session is here, and has not ended. */
  isStanding(session: ObjectId): boolean {
    return this.standing.has(session.toHexString());
  }

  /** In the order in which it is called: what is taken must not be given back before. */
  async changeCredits(probe: ObjectId, change: () => Promise<void>): Promise<void> {
    const key = probe.toHexString();
    const before = this.creditChanges.get(key) ?? Promise.resolve();
    const changed = before.catch(() => undefined).then(change);
    this.creditChanges.set(key, changed);
    try {
      await changed;
    } finally {
      if (this.creditChanges.get(key) === changed) this.creditChanges.delete(key);
    }
  }

  /** When the database has what probes here have said of their credits until now. */
  async creditsAreNoted(): Promise<void> {
    await Promise.allSettled(this.creditChanges.values());
  }
}
