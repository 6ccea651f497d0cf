import { Injectable } from '@nestjs/common';
import { type Wording } from './connected-probes.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';

/** As much of a job as decides whether a probe can be told it. */
export interface SayableJob {
  kind: string;
  params: Record<string, unknown>;
  schedule: Schedule;
  wording?: Wording | undefined;
}

/** What can be said to probes of one protocol. Its adapter registers it; what has no limits need not say so. */
export interface ProbeProtocol {
  /** of its probes in the API, the log and the metrics */
  readonly label: string;
  /** @returns why its probes cannot be told this job; undefined: they can */
  whyUntellable?(job: SayableJob): string | undefined;
  /** @returns why they would run at other times than those that are charged: what its cron expression must or must not be */
  whyOtherTimes?(schedule: Schedule): string | undefined;
}

/** The protocols in which probes are told what to do. */
@Injectable()
export class ProbeProtocols {
  private readonly all = new Map<string, ProbeProtocol>();

  register(protocol: ProbeProtocol): void {
    this.all.set(protocol.label, protocol);
  }

  labels(): string[] {
    return [...this.all.keys()];
  }

  /** @returns the labels of the protocols whose probes cannot be told this job */
  unableToTell(job: SayableJob): string[] {
    return this.labels().filter((label) => this.all.get(label)?.whyUntellable?.(job) !== undefined);
  }

  /** @param label of the protocol that a probe spoke last; undefined: it was never here */
  whyOtherTimes(label: string | undefined, schedule: Schedule): string | undefined {
    return label === undefined ? undefined : this.all.get(label)?.whyOtherTimes?.(schedule);
  }
}
