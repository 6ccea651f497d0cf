import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { SessionsRepository } from './sessions.repository.js';

const KNOWN_PROBES = 20_000;

/** What a probe said of its program when it connected. */
export interface SaidVersion {
  /** undefined: it did not say */
  version: string | undefined;
}

/** A time for which that holds, as far as anybody has looked: from (included) to (excluded). */
interface Stretch extends SaidVersion {
  from: number;
  to: number;
}

/** Of which version the program of a probe was, by its sessions: each probe says it as it connects. */
@Injectable()
export class ProbeVersionsService {
  /** by probe, the one that was asked for last: readers of results go through time */
  private readonly known = new LRUCache<string, Stretch>({ max: KNOWN_PROBES });

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * @param at not in the future
   * @returns what it said at its last connection before `at`; undefined: there was none, or its session is not kept any more
   *   (SESSION_KEPT_S)
   */
  async at(probe: ObjectId, at: Date): Promise<SaidVersion | undefined> {
    const key = probe.toHexString();
    const time = at.getTime();
    const known = this.known.get(key);
    if (known !== undefined && known.from <= time && time < known.to) return known;
    // a session is stored before anything that its probe does in it
    const now = this.clock.now().getTime();
    const session = await this.sessions.findLastUntil(probe, at);
    if (session === null) return undefined;
    const next = await this.sessions.findFirstAfter(probe, at);
    const found: Stretch = {
      version: session.version,
      from: session.from.getTime(),
      to: next?.from.getTime() ?? now,
    };
    this.known.set(key, found);
    return found;
  }
}
