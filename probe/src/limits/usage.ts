import type { Clock } from '../clock/clock.js';
import { RunFailure } from '../protocol/failure.js';
import type { UsageRecord, UsageState } from '../store/usage.state.js';
import { type Rate, RATE_WINDOW_MS, rateName } from './rates.js';

export interface UsageLimits {
  /** 0: as many as it takes. */
  bytesPerDay: number;
  rates: readonly Rate[];
}

/** Where the count is kept. */
export interface UsageBook {
  readonly usage: UsageState;
  /** In memory at once, on disk soon. */
  note(record: UsageRecord): void;
}

/** A run that was let in; its bytes are counted as soon as that. */
export interface Admission {
  /** @param bytes what it really was */
  end(bytes: number): void;
  /** Nothing was measured: the run does not count, but for the bytes of looking up its names. */
  cancel(bytes: number): void;
}

/** What the status shows. */
export interface UsageShown {
  day: string;
  bytes: number;
  bytes_per_day: number | null;
  rates: { rate: string; runs: number }[];
}

/** How much of the day's bytes each may use up, so that what was measured can still be brought, and what failed be explained. */
const PART = { runs: 0.8, results: 0.9, reports: 1, link: 1.1 } as const;
export type Purpose = keyof typeof PART;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Bytes of the link are put on record in steps of this: what a crash may forget. */
const STEP_BYTES = 64 * 1024;
const MIB = 1024 * 1024;

/**
 * Counts what the probe uses of the host's limits, over restarts: bytes of the UTC day, and runs of each kind that has a rate.
 * Counted are the packets of measurements (as the kind counts or estimates them) and what goes over the link to the server, in both
 * directions, without the headers of TCP and TLS.
 */
export class Usage {
  private offRecord = 0;

  constructor(
    private readonly clock: Clock,
    private readonly book: UsageBook,
    private readonly limits: () => UsageLimits,
  ) {}

  /** Lets a run begin. @throws RunFailure `refused`, with the rule and the moment from which on it may be done */
  admit(kind: string, bytes: number): Admission {
    const now = this.clock.now();
    const rates = this.limits().rates.filter((rate) => rate.kind === kind);
    for (const rate of rates) this.checkRate(rate, now);
    this.checkBytes(bytes);
    if (rates.length > 0) this.book.note({ t: 'start', kind, at: now });
    const day = this.today;
    this.add(bytes);
    this.record();
    let isOpen = true;
    const end = (really: number): void => {
      if (!isOpen) return;
      isOpen = false;
      // What began yesterday stays with yesterday.
      if (day !== this.today) return;
      this.add(really - bytes);
      this.record();
    };
    return {
      end,
      cancel: (really) => {
        if (isOpen && rates.length > 0) this.book.note({ t: 'unstart', kind, at: now });
        end(really);
      },
    };
  }

  /** Bytes went over the link to the server. */
  count(bytes: number): void {
    this.add(bytes);
    if (this.offRecord >= STEP_BYTES) this.record();
  }

  /** False when the day's bytes are used up for that purpose. */
  allows(purpose: Purpose): boolean {
    const { bytesPerDay } = this.limits();
    return bytesPerDay === 0 || this.bytes < bytesPerDay * PART[purpose];
  }

  /** What keeps the probe from measuring, as a sentence; null when nothing does. */
  get heldBy(): string | null {
    return this.allows('runs') ? null : this.usedUp;
  }

  private get usedUp(): string {
    const { bytesPerDay } = this.limits();
    const free = new Date(this.freeAgainAt).toISOString();
    return `${limitName(bytesPerDay)} is used up for measurements: free again at ${free}`;
  }

  /** When the count begins anew, ms since 1970. */
  get freeAgainAt(): number {
    return Date.parse(this.today) + DAY_MS;
  }

  get shown(): UsageShown {
    const { bytesPerDay, rates } = this.limits();
    const now = this.clock.now();
    return {
      day: this.today,
      bytes: this.bytes,
      bytes_per_day: bytesPerDay === 0 ? null : bytesPerDay,
      rates: rates.map((rate) => ({
        rate: rateName(rate),
        runs: this.book.usage.starts(rate.kind, now, RATE_WINDOW_MS[rate.per]).length,
      })),
    };
  }

  /** Puts everything counted on record. */
  record(): void {
    const day = this.today;
    const bytes = this.bytes;
    this.offRecord = 0;
    if (bytes !== this.book.usage.bytes(day)) this.book.note({ t: 'bytes', day, bytes });
  }

  private get today(): string {
    return new Date(this.clock.now()).toISOString().slice(0, 10);
  }

  private get bytes(): number {
    return this.book.usage.bytes(this.today) + this.offRecord;
  }

  private add(bytes: number): void {
    this.offRecord += bytes;
  }

  private checkRate(rate: Rate, now: number): void {
    const starts = this.book.usage.starts(rate.kind, now, RATE_WINDOW_MS[rate.per]);
    if (starts.length < rate.runs) return;
    const oldest = starts[starts.length - rate.runs];
    // In whole minutes, so that runs which are refused one after the other are one record.
    const free = oldest === undefined ? null : wholeMinute(oldest + RATE_WINDOW_MS[rate.per]);
    const when = free === null ? 'the host does none of them' : `free again at ${free}`;
    throw new RunFailure('refused', `the host's rate ${rateName(rate)} is used up: ${when}`);
  }

  private checkBytes(bytes: number): void {
    const { bytesPerDay } = this.limits();
    const most = bytesPerDay * PART.runs;
    if (bytesPerDay === 0 || this.bytes + bytes <= most) return;
    const tooMuch = `${limitName(bytesPerDay)} is less than this run may take`;
    throw new RunFailure('refused', bytes > most ? tooMuch : this.usedUp);
  }
}

function limitName(bytesPerDay: number): string {
  return `the host's limit of ${bytesPerDay / MIB} MiB a day (mib-per-day)`;
}

function wholeMinute(ms: number): string {
  return new Date(Math.ceil(ms / MINUTE_MS) * MINUTE_MS).toISOString();
}
