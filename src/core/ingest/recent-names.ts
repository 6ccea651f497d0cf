/**
 * Remembers the names that were added last, in two sets: when the newer one is full it becomes the older one, and that is
 * forgotten at once. To keep an order of use, as a cache does, would cost more for each name than all else that is done with it.
 */
export class RecentNames {
  private newer = new Set<string>();
  private older: ReadonlySet<string> = new Set();

  /** @param least how many are remembered at least, once so many were added; twice as many at the most */
  constructor(private readonly least: number) {}

  add(name: string): void {
    if (this.newer.size >= this.least) {
      this.older = this.newer;
      this.newer = new Set();
    }
    this.newer.add(name);
  }

  has(name: string): boolean {
    return this.newer.has(name) || this.older.has(name);
  }

  clear(): void {
    this.newer = new Set();
    this.older = new Set();
  }
}
