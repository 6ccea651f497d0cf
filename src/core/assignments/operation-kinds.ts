import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { isKindName, type KindName } from '../../measurement/kinds/index.js';
import { type OperationKind } from './operation.schema.js';
import { OperationRetentionRepository } from './operation-retention.repository.js';
import { OperationsRepository } from './operations.repository.js';

const REMEMBERED = 20_000;

/** What derived data ask of operations: what they measure, remembered, since none ever changes its kind; and whether all is there. */
@Injectable()
export class OperationKinds {
  private readonly known = new LRUCache<string, OperationKind>({ max: REMEMBERED });

  constructor(
    private readonly operations: OperationsRepository,
    private readonly retentions: OperationRetentionRepository,
  ) {}

  /** @returns by the operation; those that are gone, and those of no kind of ours, are missing */
  async of(operations: readonly ObjectId[]): Promise<ReadonlyMap<string, KindName>> {
    const kinds = new Map<string, KindName>();
    const unknown: ObjectId[] = [];
    for (const operation of operations) {
      const kind = this.known.get(operation.toHexString());
      if (kind === undefined) unknown.push(operation);
      else if (isKindName(kind)) kinds.set(operation.toHexString(), kind);
    }
    if (unknown.length === 0) return kinds;
    for (const { _id, kind } of await this.operations.findNames({ ids: unknown }, unknown.length)) {
      if (isKindName(kind)) kinds.set(_id.toHexString(), kind);
      this.known.set(_id.toHexString(), kind);
    }
    return kinds;
  }

  /** Whether results were deleted, by their retention, of one operation or of any. */
  async lackResults(operation?: ObjectId): Promise<boolean> {
    return this.retentions.hasShortened(operation);
  }
}
