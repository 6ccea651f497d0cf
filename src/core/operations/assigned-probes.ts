import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { AssignmentsRepository, type OperationEntity } from '../assignments/index.js';

/** What an id takes in memory, in bytes, and the ids that are kept. */
const ID_BYTES = 150;
const KNOWN_BYTES = 8 * 1024 * 1024;

/** An operation as it was read a moment ago. */
export type AssignedOperation = Pick<OperationEntity, '_id' | 'probe_count'>;

/**
 * Which probes operations ever had. Nothing leaves that set, and its operation counts it in the transaction that adds to it: as many ids
 * as the operation counts are all of them, and need not be read again (docs/adr/0060).
 */
@Injectable()
export class AssignedProbes {
  private readonly known = new LRUCache<string, readonly ObjectId[]>({
    maxSize: KNOWN_BYTES,
    sizeCalculation: (ids) => ID_BYTES * (1 + ids.length),
  });

  constructor(private readonly assignments: AssignmentsRepository) {}

  /** @returns by the hexadecimal id of each operation the ids of its probes, ascending */
  async of(operations: readonly AssignedOperation[]): Promise<Map<string, readonly ObjectId[]>> {
    const found = new Map<string, readonly ObjectId[]>();
    const take = (operation: AssignedOperation, ids: readonly ObjectId[] = []): boolean => {
      const isAll = ids.length === operation.probe_count;
      if (isAll) found.set(hexOf(operation), ids);
      return isAll;
    };
    const unknown = operations.filter((operation) => !take(operation, this.known.get(hexOf(operation))));
    if (unknown.length === 0) return found;
    // what a failing server loses again must not be remembered
    const durable = await this.assignments.findProbesOfOperations(unknown, 'ever', 'majority');
    const changing = unknown.filter((operation) => {
      const key = hexOf(operation);
      const ids = durable.get(key) ?? [];
      if (ids.length > 0) this.known.set(key, ids);
      return !take(operation, ids);
    });
    if (changing.length === 0) return found;
    const now = await this.assignments.findProbesOfOperations(changing, 'ever');
    return new Map([...found, ...now]);
  }
}

function hexOf({ _id }: AssignedOperation): string {
  return _id.toHexString();
}
