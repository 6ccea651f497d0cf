import { type NoTime, NtpWatch } from '@pladmed/sntp';
import type { Log } from '../platform/log.js';
import type { Clock } from './clock.js';
import type { ClockEstimator } from './estimate.js';

const NTP_EVERY_MS = 300_000;

/** The comparison with the time server, every few minutes. */
export interface TimeWatch {
  start(): void;
  stop(): void;
  /** What the host should look after, in a sentence; null when there is nothing. */
  readonly warning: string | null;
}

/** Compares the clock with the time server every few minutes, and says when its answers begin, cease or change their kind. */
export function watchNtp(
  { ntpServer: host, ntpPort: port }: { ntpServer: string; ntpPort: number },
  clock: Clock,
  estimator: ClockEstimator,
  log: Log,
): TimeWatch {
  const server = { host, port };
  let warning: string | null = null;
  let found: 'time' | 'silence' | 'warning' | null = null;
  const watch = new NtpWatch({ server, everyMs: NTP_EVERY_MS }, clock, {
    compared: (sample) => {
      estimator.record('ntp', sample);
      warning = null;
      if (found !== 'time')
        log.info(
          { ntp_server: server.host, offset_ms: sample.offset, stratum: sample.stratum },
          'clock compared',
        );
      found = 'time';
    },
    wasSet: () => {
      estimator.onNews();
    },
    failed: (problem) => {
      warning = warningOf(problem);
      const now = warning === null ? 'silence' : 'warning';
      if (found !== now) {
        if (warning === null)
          log.info({ detail: problem.message }, 'no time server: the clock is compared over the socket');
        else log.warn({ ntp_server: server.host, detail: warning }, 'the time server cannot be used');
      }
      found = now;
    },
  });
  return {
    start: () => {
      watch.start();
    },
    stop: () => {
      watch.stop();
    },
    get warning() {
      return warning;
    },
  };
}

/** A server that is silent or not synchronised yet needs nobody; one whose time has no bound, or that wants to be left alone, does. */
function warningOf({ message, unbounded, kiss }: NoTime): string | null {
  if (unbounded)
    return `${message}: its time has no bound, so the clock is compared over the socket. Give that time server a source of its own`;
  if (kiss === null) return null;
  return `${message}: it is asked ${kiss === 'RATE' ? 'less often' : 'again in a day'}. Name another one with --ntp-server`;
}
