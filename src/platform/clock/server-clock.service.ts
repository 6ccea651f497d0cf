import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import {
  hostClock,
  inMicroseconds,
  type NoTime,
  type NtpSample,
  NtpWatch,
  OffsetTracker,
} from '@pladmed/sntp';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';

const EVERY_MS = 60_000;
/** Beyond this a clock is not to be trusted, a probe's or a server's. */
export const TRUSTED_OFFSET_MS = 1000;

export interface ServerClock {
  /** NTP_SERVER's clock minus this one, ms; null: unknown */
  offset_ms: number | null;
  /** how wrong that may be */
  error_ms: number | null;
  source: 'ntp' | 'none';
  /** since the comparison */
  age_s: number | null;
  stratum: number | null;
  /** what somebody should look after, as a sentence */
  warning?: string;
}

type Finding = 'good' | 'off' | 'silent' | 'unbounded' | 'unwelcome';

/**
 * Compares this host's clock with NTP_SERVER every minute or so, in the background. It never sets a clock and never keeps the server from
 * its work: it says what it finds, once in the log for each change.
 */
@Injectable()
export class ServerClockService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('clock');
  private readonly tracker = new OffsetTracker(hostClock);
  private readonly watch: NtpWatch | undefined;
  private readonly host: string | undefined;
  private finding: Finding | undefined;

  constructor(@Inject(ENV) { ntpServer, ntpServerPort }: Env) {
    this.host = ntpServer;
    if (ntpServer === undefined) return;
    const server = { host: ntpServer, port: ntpServerPort };
    this.watch = new NtpWatch({ server, everyMs: EVERY_MS }, hostClock, {
      compared: (sample) => {
        this.compared(sample);
      },
      failed: (problem) => {
        this.note(findingOf(problem), { detail: problem.message });
      },
    });
  }

  onApplicationBootstrap(): void {
    this.watch?.start();
  }

  onApplicationShutdown(): void {
    this.watch?.stop();
  }

  now(): ServerClock {
    const known = this.tracker.estimate();
    const warning = this.warning(known?.offset);
    const more = warning !== undefined && { warning };
    if (known === null)
      return { offset_ms: null, error_ms: null, source: 'none', age_s: null, stratum: null, ...more };
    const { offset, error, ageMs, stratum } = inMicroseconds(known);
    const age_s = ageMs / 1000;
    return { offset_ms: offset, error_ms: error, source: 'ntp', age_s, stratum, ...more };
  }

  private compared(sample: NtpSample): void {
    this.tracker.record(sample);
    const figures = { offset_ms: sample.offset, error_ms: sample.error, stratum: sample.stratum };
    this.note(Math.abs(sample.offset) > TRUSTED_OFFSET_MS ? 'off' : 'good', figures);
  }

  private note(finding: Finding, details: object): void {
    if (finding === this.finding) return;
    this.finding = finding;
    const fields = { ntp_server: this.host, ...details };
    if (finding === 'good') this.logger.log(fields, 'the clock is right');
    if (finding === 'off')
      this.logger.warn(fields, 'the clock is off by more than a second: let an NTP service set it');
    if (finding === 'silent') this.logger.warn(fields, 'the time server gives no time');
    if (finding === 'unbounded')
      this.logger.warn(fields, 'the time server serves a clock that nobody sets: give it a source of time');
    if (finding === 'unwelcome') this.logger.warn(fields, 'the time server does not want to be asked');
  }

  private warning(offset: number | undefined): string | undefined {
    if (this.host === undefined) return undefined;
    if (offset !== undefined && Math.abs(offset) > TRUSTED_OFFSET_MS) {
      return `this server's clock is ${Math.round(Math.abs(offset))} ms ${offset < 0 ? 'ahead of' : 'behind'} ${this.host}`;
    }
    switch (this.finding) {
      case 'silent':
        return `${this.host} gives no time`;
      case 'unbounded':
        return `${this.host} serves its own clock, of which nobody can say how wrong it is: give it a source of time`;
      case 'unwelcome':
        return `${this.host} does not want this server to ask it for the time`;
      default:
        return undefined;
    }
  }
}

function findingOf({ unbounded, kiss }: NoTime): Finding {
  if (unbounded) return 'unbounded';
  return kiss === null ? 'silent' : 'unwelcome';
}
