import { Injectable } from '@nestjs/common';
import { type ChangeEntity } from './change.schema.js';
import { type ChangeFilter, ChangesRepository } from './changes.repository.js';

/** Reads what has changed. */
@Injectable()
export class ChangesService {
  constructor(private readonly changes: ChangesRepository) {}

  /** A page in the order in which changes were noticed. @param after the number of the last one of the page before */
  async page(filter: ChangeFilter, limit: number, after?: number): Promise<ChangeEntity[]> {
    return filter.operations.length === 0 ? [] : this.changes.findPage(filter, limit, after);
  }
}
