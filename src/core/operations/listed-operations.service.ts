import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import {
  type ListedOperation,
  ListedOperationsRepository,
  type OperationFilter,
} from '../assignments/index.js';
import { type NamedProbe, ProbesService } from '../probes/index.js';
import { type AssignedOperation, AssignedProbes } from './assigned-probes.js';
import { probesOfEach } from './probes-of-each.js';

/**
 * Operations and their probes with what listings without pages show of them. What is stored as before is the same object as before, so
 * texts can be made of it once.
 */
@Injectable()
export class ListedOperationsService {
  constructor(
    private readonly operations: ListedOperationsRepository,
    private readonly assignedProbes: AssignedProbes,
    private readonly probes: ProbesService,
  ) {}

  /** In order of creation. */
  stream(filter: OperationFilter): AsyncIterable<ListedOperation> {
    return this.operations.stream(filter);
  }

  /** @throws DomainError not_found: also for a private one */
  async getPublic(id: ObjectId | undefined): Promise<ListedOperation> {
    if (id !== undefined)
      for await (const operation of this.stream({ ids: [id], visibility: 'public' })) return operation;
    throw new DomainError('not_found', "The operation doesn't exist");
  }

  /** @returns for each operation all probes that it ever had, in order of creation */
  async probesOfAll(operations: readonly AssignedOperation[]): Promise<NamedProbe[][]> {
    const assigned = await this.assignedProbes.of(operations);
    return probesOfEach(operations, assigned, (ids) => this.probes.getNamed(ids));
  }
}
