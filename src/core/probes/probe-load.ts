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

export function addLoads(a: Load, b: Load): Load {
  return { operations: a.operations + b.operations, bytes: a.bytes + b.bytes };
}

/** Whether a probe that holds so much can hold more of it. */
export function fits(held: Load, more: Load): boolean {
  const { operations, bytes } = addLoads(held, more);
  return operations <= MOST_HELD.operations && bytes <= MOST_HELD.bytes;
}

/** A condition that also those meet of which nothing is noted. */
export function roomFor({ operations, bytes }: Load): object {
  return {
    'load.operations': { $not: { $gt: MOST_HELD.operations - operations } },
    'load.bytes': { $not: { $gt: MOST_HELD.bytes - bytes } },
  };
}
