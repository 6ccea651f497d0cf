import { Injectable } from '@nestjs/common';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { Turnstile } from '../../platform/limits/turnstile.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  type OperationEntity,
  OperationsRepository,
} from '../assignments/index.js';
import { type ProbeLink } from '../presence/index.js';
import { type Load } from '../probes/index.js';

/** What is read for a probe at a time; docs/protocol.md, `sync`. */
const PART: Load = { operations: 500, bytes: 256 * 1024 };
/** Parts that are in memory at a time, over all probes: 16 MiB. */
const PARTS_AT_ONCE = 64;
/** Probes whose operations are read whole at a time, because they take one message only: up to 16 MiB each. */
const WHOLES_AT_ONCE = 2;
/** The longest that a timer knows. */
const NO_END_MS = 2 ** 31 - 1;
/** Of an assignment that was made before its bytes were noted. */
const UNKNOWN_BYTES = 16 * 1024;
const ID_BYTES = 12;

/** Assignments, and the operations that they are of, in the same order. */
export interface PartOfWaiting {
  assignments: AssignmentEntity[];
  operations: OperationEntity[];
}

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
  async *read(link: ProbeLink): AsyncGenerator<PartOfWaiting & { more: boolean }, void> {
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
    let bytes = 0;
    const end = assignments.findIndex((assignment, index) => {
      bytes += assignment.bytes ?? UNKNOWN_BYTES;
      return index > 0 && (index >= PART.operations || bytes > PART.bytes);
    });
    return end < 0 ? [...assignments] : assignments.slice(0, end);
  }

  /** @returns the ids of its assignments, twelve bytes each, cut into parts */
  private async cut(link: ProbeLink): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    let ids: Buffer[] = [];
    let bytes = 0;
    for await (const { _id, bytes: more = UNKNOWN_BYTES } of this.assignments.eachWaiting(
      link,
      this.clock.now(),
    )) {
      if (ids.length > 0 && (ids.length >= PART.operations || bytes + more > PART.bytes)) {
        parts.push(Buffer.concat(ids));
        [ids, bytes] = [[], 0];
      }
      ids.push(Buffer.from(_id.id));
      bytes += more;
    }
    return [...parts, Buffer.concat(ids)];
  }

  /** What has ended meanwhile is left out. */
  private async readPart(ids: Buffer): Promise<PartOfWaiting> {
    const count = ids.length / ID_BYTES;
    const wanted = Array.from({ length: count }, (_, n) => ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES));
    const live = await this.assignments.findLive(wanted);
    const found = await this.operations.findByIds(live.map(({ operation }) => operation));
    const byId = new Map(found.map((operation) => [operation._id.toHexString(), operation]));
    const part: PartOfWaiting = { assignments: [], operations: [] };
    for (const assignment of live) {
      const operation = byId.get(assignment.operation.toHexString());
      if (operation === undefined) continue;
      part.assignments.push(assignment);
      part.operations.push(operation);
    }
    return part;
  }
}
