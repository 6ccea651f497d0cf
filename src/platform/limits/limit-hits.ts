import { Injectable } from '@nestjs/common';

/** Every bound that can turn somebody away or make them wait: docs/operations.md, "Limits", has each with its default. */
export const BOUNDS = [
  'ingest_bytes',
  'ingest_items',
  'ingest_share',
  'probe_messages',
  'probe_bytes',
  'probe_flood',
  'login_account',
  'login_address',
  'register_address',
  'passwords',
  'user_operations',
  'user_running',
  'user_results',
  'target_probes',
  'target_packets',
  'probe_operations',
  'probe_held_bytes',
  'door_tests',
  'door_reads',
  'live_behind',
  'large_results',
] as const;
export type Bound = (typeof BOUNDS)[number];

/** How often each bound of this process was reached, for the metrics. */
@Injectable()
export class LimitHits {
  private readonly hits = new Map<Bound, number>(BOUNDS.map((bound) => [bound, 0]));

  note(bound: Bound, times = 1): void {
    this.hits.set(bound, (this.hits.get(bound) ?? 0) + times);
  }

  counts(): ReadonlyMap<Bound, number> {
    return this.hits;
  }
}
