import { type Presence } from '../presence/index.js';
import { type RunShare, type Uptime, type WindowFigures } from '../probes/index.js';

/**
 * @param platform when servers were there: nobody can be connected to none
 * @param from, to in milliseconds since the epoch
 */
export function uptimeBetween(probe: Presence, platform: Presence, from: number, to: number): Uptime {
  const possible = platform.during(from, to);
  const since = { from: new Date(from) };
  return possible > 0 ? { ...since, uptime: shareOf(probe.and(platform).during(from, to), possible) } : since;
}

/** @returns the figures of one window */
export function figuresOf(uptime: Uptime, { due, came }: RunShare): WindowFigures {
  return { ...uptime, due, came, ...(due > 0 && { share: shareOf(came, due) }) };
}

/** To six places: a day has 86,400 s. */
function shareOf(part: number, whole: number): number {
  return Math.round((part / whole) * 1e6) / 1e6;
}
