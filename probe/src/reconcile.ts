import { messageOf } from './errors.js';
import { z } from 'zod';
import { kindByName } from './kinds/index.js';
import type { HostPolicy } from './policy/policy.js';
import { type Operation, operationSchema, type SyncAnswer } from './protocol.js';
import { RunFailure } from './runs/failure.js';
import { checkParams } from './runs/runner.js';
import { occurrences } from './scheduler/schedule.js';

const named = z.object({ operation_id: z.string().regex(/^[0-9a-f]{24}$/i) });

export interface ReadOperations {
  accepted: Operation[];
  refused: SyncAnswer['refused'];
}

/** Checks what the server sent, one operation at a time: one that cannot be done is refused with a sentence, the others stand. */
export function readOperations(operations: readonly unknown[], policy: HostPolicy): ReadOperations {
  const accepted: Operation[] = [];
  const refused: SyncAnswer['refused'] = [];
  for (const each of operations) {
    const read = operationSchema.safeParse(each);
    const reason = read.success
      ? refusal(read.data, policy)
      : `the operation cannot be read: ${read.error.issues[0]?.message ?? ''}`;
    if (read.success && reason === null) accepted.push(read.data);
    else {
      const id = named.safeParse(each);
      if (id.success) refused.push({ operation_id: id.data.operation_id, reason: reason ?? '' });
    }
  }
  return { accepted, refused };
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
