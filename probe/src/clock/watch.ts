import { NtpWatch } from '@pladmed/sntp';
import type { Settings } from '../config/config.js';
import type { Log } from '../log.js';
import type { Clock } from './clock.js';
import type { ClockEstimator } from './estimate.js';

const NTP_EVERY_MS = 300_000;

/** Compares the clock with the time server every few minutes, and says when it begins or ceases to answer. */
export function watchNtp(
  settings: Pick<Settings, 'ntpServer' | 'ntpPort'>,
  clock: Clock,
  estimator: ClockEstimator,
  log: Log,
): NtpWatch {
  const server = { host: settings.ntpServer, port: settings.ntpPort };
  let answered: boolean | null = null;
  return new NtpWatch({ server, everyMs: NTP_EVERY_MS }, clock, {
    compared: (sample) => {
      estimator.record('ntp', sample);
      if (answered !== true)
        log.info({ ntp_server: server.host, offset_ms: sample.offset }, 'clock compared');
      answered = true;
    },
    wasSet: () => {
      estimator.onNews();
    },
    failed: (problem) => {
      if (answered !== false)
        log.info({ detail: problem.message }, 'no time server: the clock is compared over the socket');
      answered = false;
    },
  });
}
