import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';

/** A run that a probe has begun, and that has no end yet. */
export interface BegunRun {
  probe: ObjectId;
  /** its number: run-numbers.ts */
  run: number;
}

type FindBegun = (operation: ObjectId, probes: readonly ObjectId[]) => Promise<readonly BegunRun[]>;

/** Runs that are under way, of probes whose schedules the server keeps: it knows each of them, whatever time they take. */
@Injectable()
export class BegunRuns {
  private findBegun: FindBegun | undefined;

  /** Who keeps the schedules says what has begun. */
  register(find: FindBegun): void {
    this.findBegun = find;
  }

  /** @returns the numbers of the runs by probe (24 hexadecimal digits) */
  async of(operation: ObjectId, probes: readonly ObjectId[]): Promise<ReadonlyMap<string, Set<number>>> {
    const byProbe = new Map<string, Set<number>>();
    if (probes.length === 0) return byProbe;
    for (const { probe, run } of (await this.findBegun?.(operation, probes)) ?? []) {
      const key = probe.toHexString();
      const runs = byProbe.get(key) ?? new Set();
      byProbe.set(key, runs.add(run));
    }
    return byProbe;
  }
}
