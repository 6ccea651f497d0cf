/** What the probe has used of the host's limits. Times are ms since 1970. */
export type UsageRecord =
  | { t: 'bytes'; day: string; bytes: number }
  | { t: 'start'; kind: string; at: number }
  | { t: 'unstart'; kind: string; at: number };

/** A clock that was wrong for a while comes back to the count of the day that it left. */
const DAYS_KEPT = 3;
const STARTS_LAST_MS = 3_600_000;

/** The bytes of the last days, and the runs of the last hour of each kind that has a rate. */
export class UsageState {
  private readonly days = new Map<string, number>();
  private readonly kinds = new Map<string, number[]>();

  apply(record: UsageRecord): void {
    if (record.t === 'bytes') {
      this.days.delete(record.day);
      this.days.set(record.day, record.bytes);
      const [oldest] = this.days.keys();
      if (this.days.size > DAYS_KEPT && oldest !== undefined) this.days.delete(oldest);
      return;
    }
    const { kind, at } = record;
    const starts = this.starts(kind, at, STARTS_LAST_MS);
    if (record.t === 'start') starts.push(at);
    else starts.splice(starts.lastIndexOf(at), starts.includes(at) ? 1 : 0);
    this.kinds.set(kind, starts);
  }

  /** @param day in UTC, like 2026-05-01 */
  bytes(day: string): number {
    return this.days.get(day) ?? 0;
  }

  /** When runs of a kind began, in the stretch of that length that ends with `now`; oldest first. */
  starts(kind: string, now: number, withinMs: number): number[] {
    return (this.kinds.get(kind) ?? []).filter((at) => at > now - withinMs && at <= now);
  }

  snapshot(): UsageRecord[] {
    const days = [...this.days].map(([day, bytes]): UsageRecord => ({ t: 'bytes', day, bytes }));
    const starts = [...this.kinds].flatMap(([kind, all]) =>
      all.map((at): UsageRecord => ({ t: 'start', kind, at })),
    );
    return [...days, ...starts];
  }
}
