import type { HeldOperations } from './store/run-journal.js';

/**
 * Follows a full sync, which may come in parts. What was in none of them is dropped with the last one and not before, so that an
 * operation of a later part keeps its memory.
 */
export class FullSync {
  private readonly sizes = new Map<string, number>();
  private size = 0;
  /** Parts taken so far; 0: no full sync is under way. */
  private parts = 0;

  get isUnderWay(): boolean {
    return this.parts > 0;
  }

  /** Takes a part. @param part from 1, which begins anew @throws when parts before it are missing */
  begin(part = 1): void {
    if (part === 1) this.forget();
    else if (part !== this.parts + 1)
      throw new Error(`part ${part} of a full sync came after part ${this.parts}`);
    this.parts = part;
  }

  /** What the parts so far take up. */
  get held(): HeldOperations {
    return { count: this.sizes.size, size: this.size, sizeOf: (id) => this.sizes.get(id) };
  }

  /** These are wanted. */
  add(operations: readonly { operation_id: string }[]): void {
    for (const operation of operations) {
      const size = JSON.stringify(operation).length;
      this.size += size - (this.sizes.get(operation.operation_id) ?? 0);
      this.sizes.set(operation.operation_id, size);
    }
  }

  /** The last part was taken. @returns those of the known operations that were in no part */
  finish(known: Iterable<string>): string[] {
    const unwanted = [...known].filter((id) => !this.sizes.has(id));
    this.forget();
    return unwanted;
  }

  /** The connection is over, and with it a sync that was not complete. */
  forget(): void {
    this.sizes.clear();
    this.size = 0;
    this.parts = 0;
  }
}
