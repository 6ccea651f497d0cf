import { Injectable } from '@nestjs/common';
import { firstPart, streamInParts } from '../../platform/batching/in-parts.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { Turnstile } from '../../platform/limits/turnstile.js';
import { type AssignmentEntity, AssignmentsRepository, OperationsRepository } from '../assignments/index.js';
import { type ProbeLink } from '../presence/index.js';
import { type AssignedJobs, withJobs } from './with-jobs.js';

/** What is read for a probe at a time; docs/protocol.md, `sync`. */
const PART = { items: 500, weight: 256 * 1024 };
/** Parts that are in memory at a time, over all probes: 16 MiB. */
const PARTS_AT_ONCE = 64;
/** Probes whose operations are read whole at a time, because they take one message only: up to 16 MiB each. */
const WHOLES_AT_ONCE = 2;
/** The longest that a timer knows. */
const NO_END_MS = 2 ** 31 - 1;
/** Of an assignment that was made before its bytes were noted. */
const UNKNOWN_BYTES = 16 * 1024;
const ID_BYTES = 12;

/**
 * Reads what a probe has to do a part at a time, each when the one before it was dealt with. However many probes come back at once, and however much each of them has
 * to do, the parts of all that are in memory are bounded; of what comes later only ids are kept, 120 KB for a full probe.
 */
@Injectable()
export class PartReader {
  private readonly parts = new Turnstile(PARTS_AT_ONCE, Infinity, NO_END_MS);
  private readonly wholes = new Turnstile(WHOLES_AT_ONCE, Infinity, NO_END_MS);

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly operations: OperationsRepository,
    private readonly clock: PlatformClock,
  ) {}

  /** Does `work` when its turn among those comes that read all of a probe's operations at once. */
  async whole<T>(work: () => Promise<T>): Promise<T> {
    return this.wholes.pass(work);
  }

  /** One part at least, which may be empty. A part that was taken has its place until the next one is asked for. */
  async *read(link: ProbeLink): AsyncGenerator<AssignedJobs & { more: boolean }, void> {
    const ids = await this.parts.pass(() => this.cut(link));
    for (const [index, some] of ids.entries()) {
      const leave = await this.parts.enter();
      try {
        yield { ...(await this.readPart(some)), more: index < ids.length - 1 };
      } finally {
        leave();
      }
    }
  }

  /** The beginning of a list that is one part. */
  firstPart(assignments: readonly AssignmentEntity[]): AssignmentEntity[] {
    return firstPart(assignments, weightOf, PART);
  }

  /** @returns the ids of its assignments, twelve bytes each, cut into parts */
  private async cut(link: ProbeLink): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    const waiting = this.assignments.eachWaiting(link, this.clock.now());
    for await (const part of streamInParts(waiting, weightOf, PART))
      parts.push(Buffer.concat(part.map(({ _id }) => _id.id)));
    return parts.length === 0 ? [Buffer.alloc(0)] : parts;
  }

  /** What has ended meanwhile is left out. */
  private async readPart(ids: Buffer): Promise<AssignedJobs> {
    const count = ids.length / ID_BYTES;
    const wanted = Array.from({ length: count }, (_, n) => ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES));
    return withJobs(await this.assignments.findLive(wanted), this.operations);
  }
}

function weightOf({ bytes = UNKNOWN_BYTES }: Pick<AssignmentEntity, 'bytes'>): number {
  return bytes;
}
