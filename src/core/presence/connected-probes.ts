import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { type ClockEstimate, type LinkCapabilities } from '../probes/index.js';

/** What a probe is told to do; each protocol words it in its own way. */
export interface Job {
  operation: ObjectId;
  kind: string;
  params: Record<string, unknown>;
  schedule: Schedule;
  costPerRun: number;
  resultFormat: string;
  /** the words in which it was asked for, of one protocol; its probes are sent them as they are */
  wording?: Wording | undefined;
  /** probes whose output is wanted while they are at it */
  progressOf?: readonly ObjectId[] | undefined;
}

/** A request in the words of a protocol that is not ours. */
export interface Wording {
  protocol: string;
  request: Record<string, unknown>;
}

/**
 * A probe's answer to a delivery. `silent`: it did not acknowledge in time; `unsent`: it was gone before anything was sent;
 * `isUntold`: the link refused it, because its protocol has no words for it, and the probe never got it.
 */
export type DeliveryAnswer =
  | { outcome: 'accepted' }
  | { outcome: 'silent' }
  | { outcome: 'unsent' }
  | { outcome: 'refused'; reason: string; isUntold?: boolean };

/** Some of what a probe has to do. */
export interface JobsPart {
  jobs: readonly Job[];
  /** other parts follow */
  more: boolean;
}

/** A probe whose socket this server holds, whatever protocol it speaks. */
export interface ProbeLink {
  probe: ObjectId;
  session: ObjectId;
  /** the label of its protocol: shown and logged, never asked */
  protocol: string;
  /** what the server may rely on with it */
  capabilities: LinkCapabilities;
  /** of its software, where it says so */
  version?: string | undefined;
  /**
   * Hands jobs over; gives the answers in the order of the jobs, as they come. Where they end early the probe did not answer for
   * the others. Never throws.
   * @param everything these are all that this probe has to do: the first delivery after it has come
   */
  deliver(jobs: readonly Job[], everything: boolean): AsyncIterable<readonly DeliveryAnswer[]>;
  /** The same for one job, of a probe that answers each by itself. Absent: `deliver` with one is as good. Never rejects. */
  deliverOne?(job: Job): Promise<DeliveryAnswer>;
  /**
   * A job of a single run that is just being stored, and is delivered then: the probe may be asked for it already, and must not begin
   * it unless `stored` gives true. Absent: what is sent to such a probe may begin at once. `stored` never rejects.
   */
  expect?(job: Job, stored: Promise<boolean>): void;
  /** Whether it has to get everything in one message, if that has about so many bytes: parts would cost it what it remembers. */
  takesWhole?(bytes: number): boolean;
  /**
   * The same of everything that this probe has to do, where that is much: each part is asked for when the probe has answered for
   * the one before. Absent: what is handed to `deliver` one after the other is as good.
   */
  deliverInParts?(parts: AsyncIterable<JobsPart>): AsyncIterable<readonly DeliveryAnswer[]>;
  /** It has not acknowledged something that it was told: it has to be told everything again. */
  readonly isInDoubt?: boolean;
  /** Before everything is read from the database: what is delivered from now on goes out after it. */
  expectEverything?(): void;
  /** Tells the probe that an operation is over. */
  stop(operation: ObjectId, reason: string): void;
  /** Asks it to come back later, as far as its protocol can. */
  askToReconnect(afterMs: number): void;
  close(): void;
}

/** The probes that are connected to this server process. */
@Injectable()
export class ConnectedProbes {
  private readonly links = new Map<string, ProbeLink>();
  private readonly clocks = new Map<string, ClockEstimate>();

  /** A newer link takes over: the older one is closed. */
  add(link: ProbeLink): void {
    const key = link.probe.toHexString();
    const older = this.links.get(key);
    this.links.set(key, link);
    older?.close();
  }

  /** Removes this link, unless a newer one has taken its place. */
  remove(link: ProbeLink): void {
    const key = link.probe.toHexString();
    if (this.links.get(key) !== link) return;
    this.links.delete(key);
    this.clocks.delete(key);
  }

  /** What a probe that is here has said of its clock last. */
  noteClock(probe: ObjectId, clock: ClockEstimate): void {
    const key = probe.toHexString();
    if (this.links.has(key)) this.clocks.set(key, clock);
  }

  /** By probe id. */
  clockEstimates(): ReadonlyMap<string, ClockEstimate> {
    return this.clocks;
  }

  get(probe: ObjectId): ProbeLink | undefined {
    return this.links.get(probe.toHexString());
  }

  get size(): number {
    return this.links.size;
  }

  all(): ProbeLink[] {
    return [...this.links.values()];
  }

  /** @param labels of protocols that are counted also where no probe speaks them now */
  countByProtocol(labels: readonly string[]): ReadonlyMap<string, number> {
    const count = new Map(labels.map((label) => [label, 0]));
    for (const { protocol } of this.links.values()) count.set(protocol, (count.get(protocol) ?? 0) + 1);
    return count;
  }

  closeAll(): void {
    for (const link of this.all()) link.close();
    this.links.clear();
    this.clocks.clear();
  }
}
