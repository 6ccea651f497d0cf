import type { Log } from '../log.js';
import { messageOf } from '../errors.js';
import type { Clock, Timer } from './clock.js';
import type { ClockEstimator } from './estimate.js';
import { measureOffset } from './sntp.js';

const EVERY_MS = 300_000;
/** Ten thousand probes that start together do not ask in the same second. */
const SPREAD = 0.2;

/** Compares the host's clock with a time server every few minutes. */
export class NtpWatch {
  private timer: Timer | null = null;
  private readonly ending = new AbortController();
  private answered: boolean | null = null;

  constructor(
    private readonly server: { host: string; port: number },
    private readonly clock: Clock,
    private readonly estimator: ClockEstimator,
    private readonly log: Log,
  ) {}

  start(): void {
    void this.ask().finally(() => {
      if (this.ending.signal.aborted) return;
      this.timer = this.clock.setTimer(
        () => {
          this.start();
        },
        EVERY_MS * (1 + Math.random() * SPREAD),
      );
    });
  }

  stop(): void {
    this.ending.abort();
    this.timer?.cancel();
  }

  private async ask(): Promise<void> {
    try {
      const sample = await measureOffset(this.clock, this.server.host, this.server.port, this.ending.signal);
      this.estimator.record('ntp', sample.offset, sample.error);
      if (this.answered !== true)
        this.log.info({ ntp_server: this.server.host, offset_ms: sample.offset }, 'clock compared');
      this.answered = true;
    } catch (error) {
      if (this.answered !== false) {
        this.log.info({ detail: messageOf(error) }, 'no time server: the clock is compared over the socket');
      }
      this.answered = false;
    }
  }
}
