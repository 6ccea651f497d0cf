import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { unwrapped } from '../../platform/database/bytes.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { ACKNOWLEDGEMENTS_MODEL, type AcknowledgementsEntity } from './acknowledgements.schema.js';
import { ASSIGNMENT_MODEL, type AssignmentEntity } from './assignment.schema.js';

export type Acknowledged = Pick<AssignmentEntity, '_id' | 'operation'>;

/** From so many of one operation on, one document costs less than an update of each assignment. */
const MANY = 8;
const ID_BYTES = 12;

/**
 * When probes acknowledged what was claimed for them: such an assignment counts as delivered already, so the time is for people.
 * Few are noted in their assignments; many of one operation in a document of their own (docs/adr/0058).
 */
@Injectable()
export class AcknowledgementsRepository {
  constructor(
    @InjectModel(ACKNOWLEDGEMENTS_MODEL) private readonly model: Model<AcknowledgementsEntity>,
    @InjectModel(ASSIGNMENT_MODEL) private readonly assignments: Model<AssignmentEntity>,
  ) {}

  /** Notes them once or, after an error, again: the earliest time counts. Past mongoose, because there may be thousands. */
  async note(acknowledged: readonly Acknowledged[], at: Date): Promise<void> {
    const few: ObjectId[] = [];
    const many: Omit<AcknowledgementsEntity, '_id'>[] = [];
    for (const { operation, ids } of byOperation(acknowledged)) {
      if (ids.length < MANY) few.push(...ids);
      else many.push({ operation, at, assignments: Buffer.concat(ids.map(({ id }) => id)) });
    }
    if (many.length > 0) await this.model.collection.insertMany(many);
    if (few.length > 0)
      await this.assignments.collection.updateMany({ _id: { $in: few } }, { $set: { acknowledged_at: at } });
  }

  /** @returns the assignments of an operation as they came, with their times of acknowledgement */
  async addTo(operation: ObjectId, assignments: readonly AssignmentEntity[]): Promise<AssignmentEntity[]> {
    const isOpen = ({ delivered_at, acknowledged_at }: AssignmentEntity) =>
      delivered_at !== undefined && acknowledged_at === undefined;
    if (!assignments.some(isOpen)) return [...assignments];
    const times = await this.timesOf(operation);
    return assignments.map((assignment) => {
      const at = isOpen(assignment) ? times.get(assignment._id.toHexString()) : undefined;
      return at === undefined ? assignment : { ...assignment, acknowledged_at: at };
    });
  }

  /** @returns by the hexadecimal id of an assignment */
  private async timesOf(operation: ObjectId): Promise<Map<string, Date>> {
    const times = new Map<string, Date>();
    const found = this.model.collection.find<AcknowledgementsEntity>({ operation }, { sort: { at: -1 } });
    // the earliest comes last, and stays
    for (const { assignments, at } of await found.toArray()) {
      const bytes = unwrapped(assignments);
      for (let from = 0; from < bytes.length; from += ID_BYTES)
        times.set(bytes.toString('hex', from, from + ID_BYTES), at);
    }
    return times;
  }
}

function byOperation(acknowledged: readonly Acknowledged[]): { operation: ObjectId; ids: ObjectId[] }[] {
  const groups = new Map<string, { operation: ObjectId; ids: ObjectId[] }>();
  for (const { _id, operation } of acknowledged) {
    const key = operation.toHexString();
    const group = groups.get(key) ?? { operation, ids: [] };
    group.ids.push(_id);
    groups.set(key, group);
  }
  return [...groups.values()];
}
