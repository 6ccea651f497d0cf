import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { Presence, type Stay } from '../presence/index.js';
import { PlatformTimesRepository } from './platform-times.repository.js';

const EVERY_MS = 15_000;
/** A silence that is shorter is none: a sign of life may be late. */
export const SILENCE_MS = 60_000;
/** So long after a silence probes have time to come back. */
export const RETURN_MS = 60_000;
/** A platform that comes and goes more often than once an hour has other worries. */
const MAX_STRETCHES = 1_000;

/**
 * When there was a server to be connected to. Every server gives a sign of life; the time in which none did is nobody's
 * downtime but the platform's. Before the first sign it is taken to have been there.
 */
@Injectable()
export class PlatformTimesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('platform-times');
  private readonly task = new PeriodicTask(() => this.note(this.clock.now()), {
    logger: this.logger,
    failed: 'could not give a sign of life',
  });

  constructor(
    private readonly times: PlatformTimesRepository,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.task.every(EVERY_MS);
    this.task.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** A sign of life; what the timer does. */
  async note(now: Date): Promise<void> {
    await this.times.note(now, new Date(now.getTime() - SILENCE_MS));
  }

  /** When it was there, from `since` to `now` at least, and what came before taken for good. */
  async presence(since: Date, now: Date): Promise<Presence> {
    return platformPresence(await this.times.findSince(since, MAX_STRETCHES), now);
  }
}

/** @param stretches in any order */
export function platformPresence(stretches: readonly { from: Date; to: Date }[], now: Date): Presence {
  const whole = new Presence(
    stretches.map(({ from, to }): Stay => ({ from: from.getTime(), to: to.getTime() })),
  );
  const stays: Stay[] = [];
  let up = -Infinity;
  for (const silence of whole.gaps(-Infinity, Infinity)) {
    const first = silence.from === -Infinity;
    // we are here: the last sign of life is only a moment ago
    const last = silence.to === Infinity && now.getTime() - silence.from <= SILENCE_MS;
    if (first || last) continue;
    stays.push({ from: up, to: silence.from });
    up = silence.to + RETURN_MS;
  }
  stays.push({ from: up, to: Infinity });
  return new Presence(stays.filter(({ from, to }) => from < to));
}
