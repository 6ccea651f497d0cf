import { messageOf } from './platform/errors.js';
import { z } from 'zod';
import { kindByName } from './kinds/index.js';
import type { HostPolicy } from './policy/policy.js';
import { type Operation, operationSchema, type SyncAnswer } from './protocol/protocol.js';
import { RunFailure } from './protocol/failure.js';
import { checkParams } from './runs/runner.js';
import type { HeldOperations } from './store/run-journal.js';
import { occurrences } from './schedule/schedule.js';

const named = z.object({ operation_id: z.string().regex(/^[0-9a-f]{24}$/i) });

export interface ReadOperations {
  accepted: Operation[];
  refused: SyncAnswer['refused'];
}

/** What a probe holds at the most; its memory and its patience have an end, whatever the server's. */
export const MOST_OPERATIONS = 10_000;
/** Of all operations as JSON, in characters. */
const MOST_SIZE = 16 * 1024 * 1024;
const FULL = 'the probe has as many operations as it can hold';

/** Says whether these would be more than a probe can hold beside what it holds already. */
export function wouldBeTooMany(operations: readonly unknown[], held: HeldOperations): boolean {
  const most = held.count + operations.length > MOST_OPERATIONS;
  return most || held.size + JSON.stringify(operations).length > MOST_SIZE;
}

/**
 * Checks what the server sent, one operation at a time: one that cannot be done is refused with a sentence, the others stand.
 * @param held what the probe has already
 */
export function readOperations(
  operations: readonly unknown[],
  policy: HostPolicy,
  held: HeldOperations,
): ReadOperations {
  const accepted: Operation[] = [];
  const refused: SyncAnswer['refused'] = [];
  let { count, size } = held;
  for (const each of operations) {
    const id = named.safeParse(each).data?.operation_id;
    const known = id === undefined ? undefined : held.sizeOf(id);
    const isFull = size >= MOST_SIZE || (count >= MOST_OPERATIONS && known === undefined);
    const read = isFull ? FULL : readOperation(each, policy);
    if (typeof read !== 'string') {
      accepted.push(read);
      size += JSON.stringify(read).length - (known ?? 0);
      if (known === undefined) count++;
    } else if (id !== undefined) refused.push({ operation_id: id, reason: read });
  }
  return { accepted, refused };
}

/** @returns the operation, or why it is refused */
function readOperation(message: unknown, policy: HostPolicy): Operation | string {
  const read = operationSchema.safeParse(message);
  if (!read.success) return `the operation cannot be read: ${read.error.issues[0]?.message ?? ''}`;
  return refusal(read.data, policy) ?? read.data;
}

function refusal(operation: Operation, policy: HostPolicy): string | null {
  const kind = kindByName.get(operation.kind);
  if (kind === undefined) return `this probe does not know the kind ${operation.kind}`;
  const rule = policy.kindRefusal(operation.kind);
  if (rule !== null) return rule;
  try {
    checkParams(kind, operation.params);
    occurrences(operation.schedule);
    return null;
  } catch (error) {
    if (error instanceof RunFailure) return `bad_params: ${error.message}`;
    return messageOf(error);
  }
}
