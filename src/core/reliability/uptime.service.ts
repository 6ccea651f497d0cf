import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { Presence, SessionsRepository, type Stay } from '../presence/index.js';
import {
  LONGEST_WINDOW_MS,
  type MeasuredProbe,
  ProbesRepository,
  ProbesService,
  type Reliability,
  type Uptime,
  WINDOW_NAMES,
  type WindowName,
  WINDOWS,
} from '../probes/index.js';
import { PlatformTimesService } from './platform-times.service.js';
import { uptimeBetween } from './reliability.js';

/** Sessions that one measure looks at; of a probe that comes and goes more often the windows are shorter, and say so. */
export const MAX_SESSIONS = 20_000;
/** Probes whose sessions are asked for at the same time. */
const AT_ONCE = 5;

/** When a probe was here, over the longest window, and how much of each window that was. */
export interface Measured {
  probe: MeasuredProbe;
  connected: boolean;
  presence: Presence;
  uptimes: Record<WindowName, Uptime>;
}

/** The part of a probe's reliability that its sessions tell, and where the whole is kept. */
@Injectable()
export class UptimeService {
  constructor(
    private readonly probes: ProbesRepository,
    private readonly sessions: SessionsRepository,
    private readonly directory: ProbesService,
    private readonly platform: PlatformTimesService,
  ) {}

  /** @returns probes that were not measured since then, `limit` at most */
  async waiting(since: Date, limit: number): Promise<MeasuredProbe[]> {
    const found = await this.probes.findToMeasure(limit);
    return found.filter(({ measured_at }) => measured_at === undefined || measured_at < since);
  }

  async measure(probes: readonly MeasuredProbe[], now: Date): Promise<Measured[]> {
    const since = new Date(now.getTime() - LONGEST_WINDOW_MS);
    const platform = await this.platform.presence(since, now);
    const measured: Measured[] = [];
    for (let done = 0; done < probes.length; done += AT_ONCE) {
      const some = probes.slice(done, done + AT_ONCE);
      measured.push(
        ...(await Promise.all(some.map((probe) => this.measureOne(probe, platform, since, now)))),
      );
    }
    return measured;
  }

  /** @param reliability undefined where it could not be had */
  async store(
    figures: readonly { probe: ObjectId; reliability: Reliability | undefined }[],
    at: Date,
  ): Promise<void> {
    if (figures.length > 0) await this.probes.setReliability(figures, at);
  }

  private async measureOne(
    probe: MeasuredProbe,
    platform: Presence,
    since: Date,
    now: Date,
  ): Promise<Measured> {
    const found = await this.sessions.findSince(probe._id, since, MAX_SESSIONS);
    const connected = this.directory.connectionOf(probe) !== undefined;
    const presence = new Presence(staysOf(found, connected ? Infinity : (probe.last_seen?.getTime() ?? 0)));
    const isCut = found.length === MAX_SESSIONS;
    const known = Math.max(
      probe.created_at.getTime(),
      isCut ? (found.at(-1)?.from.getTime() ?? 0) : -Infinity,
    );
    const uptimes = WINDOW_NAMES.map((name) => {
      const from = Math.min(now.getTime(), Math.max(now.getTime() - WINDOWS[name], known));
      return [name, uptimeBetween(presence, platform, from, now.getTime())] as const;
    });
    return { probe, connected, presence, uptimes: Object.fromEntries(uptimes) as Record<WindowName, Uptime> };
  }
}

/**
 * A session that nobody closed (a server that died, a database that was away) ended when the next one began, at the latest.
 * @param newestFirst sessions
 * @param end of the newest, if nobody closed it
 */
export function staysOf(newestFirst: readonly { from: Date; to?: Date }[], end: number): Stay[] {
  let next = end;
  const stays: Stay[] = [];
  for (const { from, to } of newestFirst) {
    stays.push({ from: from.getTime(), to: to?.getTime() ?? Math.max(from.getTime(), next) });
    next = from.getTime();
  }
  return stays.reverse();
}
