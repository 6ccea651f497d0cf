/** Operations that a probe has to hold, and their bytes as it is told them. */
export interface Load {
  operations: number;
  bytes: number;
}

export const NO_LOAD: Load = { operations: 0, bytes: 0 };

/**
 * What a probe is given at the most (docs/protocol.md, `sync`): it need not take more than 10,000 operations, nor 16 MiB, of which 64 KiB are left for
 * what a message adds.
 */
export const MOST_HELD: Load = { operations: 10_000, bytes: 16 * 1024 * 1024 - 64 * 1024 };

/** From so much on a probe is marked as nearly full. What is left is more than one operation can be (a body may be 1 MB). */
export const NEARLY_FULL: Load = { operations: 0.9 * MOST_HELD.operations, bytes: 0.9 * MOST_HELD.bytes };

export function addLoads(a: Load, b: Load): Load {
  return { operations: a.operations + b.operations, bytes: a.bytes + b.bytes };
}

/** Whether a probe that holds so much can hold more of it. */
export function fits(held: Load, more: Load, most = MOST_HELD): boolean {
  const { operations, bytes } = addLoads(held, more);
  return operations <= most.operations && bytes <= most.bytes;
}

/** A condition that also those meet of which nothing is noted. */
export function roomFor({ operations, bytes }: Load, most = MOST_HELD): object {
  return {
    'load.operations': { $not: { $gt: most.operations - operations } },
    'load.bytes': { $not: { $gt: most.bytes - bytes } },
  };
}
