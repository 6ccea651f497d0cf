import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError, LimitReachedError } from '../../platform/errors/domain.error.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import {
  addLoads,
  type ChosenProbe,
  fits,
  type Load,
  type LoadedProbe,
  MOST_HELD,
  NEARLY_FULL,
  NO_LOAD,
  ProbeLoadsRepository,
  ProbesService,
} from '../probes/index.js';
import { AssignmentsRepository, type LiveLoad } from '../assignments/index.js';

/** Full ones that one request looks at, before it trusts what was noted of them. */
const MOST_COUNTED = 50;
const MOST_ATTEMPTS = 3;

/** What a creation has taken of the room of its probes; it says when it is over. */
export interface Reservation {
  /** The operation is stored. */
  keep(): void;
  /** It is not, and its room is free again. */
  giveBack(): Promise<void>;
}

/**
 * How much each probe has to hold, and that nobody gives it more (docs/protocol.md, `sync`). What is noted of a probe grows with each creation, in
 * one conditional write for all its probes, and shrinks with a stop. What ends by itself is not taken off at once: a probe that seems to be full is
 * counted anew. So a creation costs the same however much its probes have, and is exact where it matters.
 */
@Injectable()
export class ProbeLoadsService {
  /** by probe id: what creations of this server have taken and not stored yet, which a count does not find */
  private readonly underWay = new Map<string, Load>();

  constructor(
    private readonly loads: ProbeLoadsRepository,
    private readonly probes: ProbesService,
    private readonly assignments: AssignmentsRepository,
    private readonly hits: LimitHits,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * Takes the room of one operation on each of these probes.
   * @param probes as they were read just now: one that seemed to have room then is not asked for again
   * @param bytes of the operation as a probe is told it
   * @throws LimitReachedError that names a probe without room; nothing is taken then
   */
  async reserve(probes: readonly LoadedProbe[], bytes: number): Promise<Reservation> {
    const load = { operations: 1, bytes };
    let read = probes;
    for (let attempt = 0; attempt < MOST_ATTEMPTS && read.length === probes.length; attempt += 1) {
      read = await this.counted(read, load);
      const reservation = await this.take(read, load);
      if (reservation !== undefined) return reservation;
      read = await this.loads.findAll(probes.map(({ _id }) => _id));
    }
    throw new DomainError('busy', 'Too many operations are created at once for the same probes; try again');
  }

  /**
   * The same for one probe, which is read by the write that takes its room.
   * @returns undefined: there is no such probe, or it seems to be nearly full; nothing is taken then
   */
  async reserveOne(
    id: ObjectId,
    bytes: number,
  ): Promise<{ reservation: Reservation; probe: ChosenProbe } | undefined> {
    const load = { operations: 1, bytes };
    const found: ChosenProbe[] = [];
    const reservation = await this.taken([id], load, async () => {
      const read = async () => {
        const probe = await this.loads.addToOne(id, load);
        return probe === null ? [] : [probe];
      };
      found.push(...(await this.probes.asKnown(read)));
      return found.length === 1;
    });
    const [probe] = found;
    return reservation && probe && { reservation, probe };
  }

  /** @returns whether all of them have room for one operation, as they were read: then it is not counted what each of them has */
  seemFree(probes: readonly Pick<LoadedProbe, 'load'>[], bytes: number): boolean {
    return probes.every(({ load }) => fits(load ?? NO_LOAD, { operations: 1, bytes }));
  }

  /** @returns whether a probe, as it was read, stays so far from full that `reserveOne` can take its room */
  isFarFromFull({ load }: Pick<LoadedProbe, 'load'>, bytes: number): boolean {
    return fits(load ?? NO_LOAD, { operations: 1, bytes }, NEARLY_FULL);
  }

  /** These probes have been rid of an operation. */
  async release(probes: readonly ObjectId[], bytes: number): Promise<void> {
    await this.loads.remove(probes, { operations: 1, bytes });
  }

  /** So that `countFull` finds those that are. */
  async markNearlyFull(): Promise<void> {
    await this.loads.markNearlyFull();
  }

  /** Counts those anew that seem to have no room for an operation: whoever chooses probes goes by what is noted of them. */
  async countFull(bytes: number): Promise<void> {
    for (const probe of await this.loads.findFull({ operations: 1, bytes }, MOST_COUNTED))
      await this.count(probe);
  }

  /** @returns undefined where another creation has taken the last room since we looked: what was noted of the others is too much, which a count mends */
  private async take(probes: readonly LoadedProbe[], load: Load): Promise<Reservation | undefined> {
    const ids = probes.map(({ _id }) => _id);
    return this.taken(ids, load, () => this.loads.add(probes, load));
  }

  /** @param add notes the load of all these probes; false: it could not */
  private async taken(
    probes: readonly ObjectId[],
    load: Load,
    add: () => Promise<boolean>,
  ): Promise<Reservation | undefined> {
    const forget = () => {
      this.forget(probes, load);
    };
    this.note(probes, load);
    try {
      if (await add()) {
        const giveBack = async () => {
          forget();
          await this.loads.remove(probes, load);
        };
        return { keep: forget, giveBack };
      }
    } catch (error) {
      forget();
      throw error;
    }
    forget();
    return undefined;
  }

  /** @returns the probes, those that seemed to have no room as they were counted anew @throws LimitReachedError */
  private async counted(probes: readonly LoadedProbe[], load: Load): Promise<readonly LoadedProbe[]> {
    if (this.seemFree(probes, load.bytes)) return probes;
    const counted: LoadedProbe[] = [];
    for (const probe of probes) {
      if (this.seemFree([probe], load.bytes)) {
        counted.push(probe);
        continue;
      }
      const { live, used } = await this.count(probe._id);
      if (!fits(used, load)) throw this.refusal(probe._id, live, used, load);
      counted.push({ _id: probe._id, load: used });
    }
    return counted;
  }

  /** @returns what it has to do, what ends first in front; and its load, with what is under way */
  private async count(probe: ObjectId): Promise<{ live: LiveLoad[]; used: Load }> {
    const noted = await this.loads.find(probe);
    const taken = this.underWay.get(probe.toHexString()) ?? NO_LOAD;
    const live = await this.assignments.findLoadOf(probe, this.clock.now());
    const used = addLoads(sumOf(live), taken);
    await this.loads.correct(probe, noted, used);
    return { live, used };
  }

  private refusal(probe: ObjectId, live: readonly LiveLoad[], used: Load, load: Load): LimitReachedError {
    const bound =
      used.operations + load.operations > MOST_HELD.operations ? 'probe_operations' : 'probe_held_bytes';
    this.hits.note(bound);
    const id = probe.toHexString();
    const sentence =
      bound === 'probe_operations'
        ? `Probe ${id} has ${used.operations} operations to do, and can be given ${MOST_HELD.operations}`
        : `Probe ${id} has operations of ${used.bytes} bytes to do and can be given ${MOST_HELD.bytes}; this one has ${load.bytes}`;
    const freeAt = roomAt(live, used, load);
    const when =
      freeAt === undefined
        ? ''
        : `; it has room at ${freeAt.toISOString()}, or when operations on it are stopped`;
    const [limit, before, asked] =
      bound === 'probe_operations'
        ? [MOST_HELD.operations, used.operations, load.operations]
        : [MOST_HELD.bytes, used.bytes, load.bytes];
    return new LimitReachedError('limit_reached', sentence + when, {
      bound,
      limit,
      used: before,
      asked,
      freeAt,
      asOf: this.clock.now(),
    });
  }

  private note(probes: readonly ObjectId[], load: Load): void {
    for (const probe of probes) {
      const key = probe.toHexString();
      this.underWay.set(key, addLoads(this.underWay.get(key) ?? NO_LOAD, load));
    }
  }

  private forget(probes: readonly ObjectId[], { operations, bytes }: Load): void {
    for (const probe of probes) {
      const key = probe.toHexString();
      const left = addLoads(this.underWay.get(key) ?? NO_LOAD, { operations: -operations, bytes: -bytes });
      if (left.operations > 0) this.underWay.set(key, left);
      else this.underWay.delete(key);
    }
  }
}

function sumOf(live: readonly LiveLoad[]): Load {
  return live.reduce((sum, { bytes }) => addLoads(sum, { operations: 1, bytes }), NO_LOAD);
}

/** @returns when enough of it is over */
function roomAt(live: readonly LiveLoad[], used: Load, load: Load): Date | undefined {
  let left = used;
  for (const { bytes, ends_at } of live) {
    left = addLoads(left, { operations: -1, bytes: -bytes });
    if (fits(left, load)) return ends_at;
  }
  return undefined;
}
