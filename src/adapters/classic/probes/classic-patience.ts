import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { SharedRoom } from '../../../platform/limits/shared-room.js';
import { ProbeMeters } from '../../../core/presence/index.js';

/** All messages that are kept waiting in memory, of all classic probes together. */
const HELD = { bytes: 32 * 1024 * 1024, items: 10_000 };
/** So long a message is kept waiting at most. */
const PATIENCE_MS = 60_000;

/**
 * Fielded probes cannot be told to come back: what is not acknowledged they send again only when they are started anew. So
 * their message waits here, and its acknowledgement with it.
 */
@Injectable()
export class ClassicPatience {
  private readonly held = new SharedRoom(HELD);

  constructor(private readonly meters: ProbeMeters) {}

  /**
   * @param attempt says how long it has to wait, in ms, or what came of it
   * @returns undefined when there is no room to wait, or it took too long: the probe keeps what it has
   */
  async keepTrying<T extends object>(
    probe: ObjectId,
    bytes: number,
    attempt: () => Promise<T | number>,
  ): Promise<T | undefined> {
    const meter = this.meters.of(probe);
    let admitted = false;
    const step = (): Promise<T | number> | number => {
      const wait = admitted ? 0 : meter.admit(bytes);
      if (wait > 0) return wait;
      admitted = true;
      return attempt();
    };
    const first = await step();
    if (typeof first === 'object') return first;
    const who = probe.toHexString();
    if (this.held.enter(who, bytes) !== undefined) return undefined;
    try {
      return await this.untilDone(step, first);
    } finally {
      this.held.leave(who, bytes);
    }
  }

  private async untilDone<T extends object>(
    step: () => Promise<T | number> | number,
    firstWait: number,
  ): Promise<T | undefined> {
    const end = performance.now() + PATIENCE_MS;
    let wait = firstWait;
    while (performance.now() + wait < end) {
      await delay(wait, undefined, { ref: false });
      const answer = await step();
      if (typeof answer === 'object') return answer;
      wait = answer;
    }
    return undefined;
  }
}
