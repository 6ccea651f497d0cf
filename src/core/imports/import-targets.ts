import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ObjectId, parseId } from '../../platform/database/object-id.js';
import {
  AssignmentsRepository,
  type OperationEntity,
  type OperationKind,
  OperationsRepository,
} from '../assignments/index.js';
import { type ProbeEntity } from '../probes/index.js';
import { idFrom } from './ids.js';
import { type ImportEntity } from './import.schema.js';
import { type FileResult } from './records.js';

/** Where a result goes, and what has to be made for it. */
export interface ImportTarget {
  operation: ObjectId;
  probe: ObjectId;
  /** of the result */
  _id: ObjectId;
  uniqueCode: string;
  /** it was here and was deleted: what is made of results has it */
  wasHere?: true;
  /** absent where the operation was not imported: it has its probes, and its counters know the run */
  made?: { operation: Omit<OperationEntity, 'number'>; probe: Omit<ProbeEntity, 'number'> };
}

interface Known {
  isOwn: boolean;
  /** results that came before may be deleted */
  keptFrom: Date | undefined;
}

/** The importer of one file. */
export interface ImportOwner {
  _id: ObjectId;
  is_superuser: boolean;
}

/**
 * Decides where results of a file go. What names an operation of this platform that is the owner's goes back into it; all else goes into operations
 * and to probes that are made for it, by names of their own, so that nobody speaks for what is somebody else's.
 */
@Injectable()
export class ImportTargets {
  // of each run of a job by itself: what one has not found may be there for the next
  /** operations of the platform by run and id, as they were a minute ago at the most */
  private readonly known = new LRUCache<string, Known>({ max: 1000, ttl: 60_000 });
  private readonly parts = new LRUCache<string, { has: boolean }>({ max: 10_000, ttl: 60_000 });

  constructor(
    private readonly operations: OperationsRepository,
    private readonly assignments: AssignmentsRepository,
  ) {}

  /** @returns why it can go nowhere, where that is so */
  async of(result: FileResult, job: ImportEntity, owner: ImportOwner): Promise<ImportTarget | string> {
    const operation = parseId(result.operation);
    const probe = parseId(result.probe);
    if (operation === undefined || probe === undefined) return made(result, job);
    const run = `${String(job._id)} ${job.begun_at?.getTime() ?? 0}`;
    const known = await this.knownOf(run, operation, owner);
    if (!known.isOwn) return made(result, job);
    return this.back(run, result, { operation, probe, keptFrom: known.keptFrom });
  }

  private async back(
    run: string,
    { exported, members, firstReceivedAt }: FileResult,
    { operation, probe, keptFrom }: { operation: ObjectId; probe: ObjectId; keptFrom: Date | undefined },
  ): Promise<ImportTarget | string> {
    if (!(await this.hasProbe(run, operation, probe)))
      return `probe_id: ${String(probe)} has no part in operation ${String(operation)}`;
    const uniqueCode =
      exported?.uniqueCode ?? members.scheduled_at?.toISOString() ?? `import:${exported?.id ?? ''}`;
    const wasHere = keptFrom !== undefined && firstReceivedAt !== undefined && firstReceivedAt < keptFrom;
    return {
      ...{ operation, probe, _id: parseId(exported?.id) ?? new ObjectId(), uniqueCode },
      ...(wasHere && { wasHere }),
    };
  }

  private async knownOf(run: string, id: ObjectId, { _id, is_superuser }: ImportOwner): Promise<Known> {
    const key = `${run} ${String(id)}`;
    let known = this.known.get(key);
    if (known === undefined) {
      const operation = await this.operations.findById(id);
      const isOwn = operation !== null && (is_superuser || operation.owner.equals(_id));
      known = { isOwn, keptFrom: operation?.results_kept_from };
      this.known.set(key, known);
    }
    return known;
  }

  private async hasProbe(run: string, operation: ObjectId, probe: ObjectId): Promise<boolean> {
    const key = `${run} ${String(operation)} ${String(probe)}`;
    let found = this.parts.get(key);
    if (found === undefined) {
      found = { has: (await this.assignments.findOne(operation, probe)) !== null };
      this.parts.set(key, found);
    }
    return found.has;
  }
}

function made(result: FileResult, job: ImportEntity): ImportTarget | string {
  const { created_at, owner, sha256 } = job;
  const { kind, identity, members } = result;
  if (kind === undefined)
    return 'kind: cannot be told: no result of this operation in the file has a summary';
  // an operation that a file names is one, whichever files its results are in; ids of such ones show no time
  const named = result.operation === undefined ? [sha256] : [result.operation];
  const at = result.operation === undefined ? created_at : new Date(0);
  const operation = idFrom(at, 'operation', owner, kind, ...named);
  const probe = idFrom(new Date(0), 'probe', owner, result.probe);
  const _id = idFrom(members.started_at ?? new Date(0), 'result', owner, identity);
  return {
    ...{ operation, probe, _id, uniqueCode: identity },
    made: { operation: operationOf(operation, kind, job), probe: probeOf(probe, result.probe, job) },
  };
}

/** It has no schedule, costs nothing and is over. */
function operationOf(
  _id: ObjectId,
  kind: OperationKind,
  { _id: imported, owner, created_at }: ImportEntity,
): Omit<OperationEntity, 'number'> {
  return {
    ...{ _id, owner, kind, accepted_params: '{}', params: {}, imported },
    ...{ schedule: { type: 'once', at: created_at }, result_format: 'json', visibility: 'private' },
    ...{ cost_per_run: 0, runs_per_probe: 0, credits: 0, probe_count: 0 },
    ...{ created_at, ends_at: created_at, revision: 1 },
  };
}

function probeOf(
  _id: ObjectId,
  name: string,
  { owner, created_at }: ImportEntity,
): Omit<ProbeEntity, 'number'> {
  return {
    ...{ _id, owner, name: name.slice(0, 100), tags: ['imported'], imported: true },
    location: { type: 'Point', coordinates: [0, 0] },
    ...{ token_version: 0, revision: 1, created_at },
  };
}
