import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { firstPart } from '../../platform/batching/in-parts.js';
import { KnownDocuments } from '../../platform/database/known-documents.js';
import { eachByPages } from '../../platform/database/read.js';
import { conditionsOf, type OperationFilter } from './operation-filter.js';
import { OPERATION_MODEL, type OperationEntity } from './operation.schema.js';

/** What listings without pages show of an operation, and need to know for that. */
export type ListedOperation = Pick<
  OperationEntity,
  '_id' | 'accepted_params' | 'credits' | 'result_format' | 'probe_count' | 'raw_kept_from'
>;

/** Params may be a quarter of a megabyte (1,000 long names), and every reader of a listing has a page in memory. */
const PAGE = { items: 50, weight: 256 * 1024 };
/** Params of so many bytes come with their size: a page of these is within its bounds. */
const SMALL_BYTES = PAGE.weight / PAGE.items;
const KNOWN_BYTES = 16 * 1024 * 1024;

const LISTED = {
  accepted_params: 1,
  credits: 1,
  result_format: 1,
  probe_count: 1,
  raw_kept_from: 1,
} as const;
const SIZE = { $strLenBytes: { $ifNull: ['$accepted_params', ''] } };
const WITH_SMALL = {
  ...LISTED,
  accepted_params: { $cond: [{ $lte: [SIZE, SMALL_BYTES] }, '$accepted_params', '$$REMOVE'] },
  bytes: SIZE,
};

/** As it was found, its params only where they are small. */
type Found = Omit<ListedOperation, 'accepted_params'> & { accepted_params?: string; bytes: number };

/** Reads operations for listings: an operation that is stored as before is the same object as before. */
@Injectable()
export class ListedOperationsRepository {
  private readonly known = new KnownDocuments<Found | ListedOperation>(KNOWN_BYTES);

  constructor(@InjectModel(OPERATION_MODEL) private readonly model: Model<OperationEntity>) {}

  /** In order of creation, one after the other: a listing of all needs no memory for all. */
  stream(filter: OperationFilter): AsyncGenerator<ListedOperation, void> {
    const conditions = conditionsOf(filter);
    return eachByPages(async (last) => {
      const after = last === undefined ? conditions : { $and: [conditions, { _id: { $gt: last._id } }] };
      const found = (await this.read(after, WITH_SMALL, PAGE.items)) as Found[];
      const page = firstPart(found, ({ bytes }) => bytes, { weight: PAGE.weight });
      return {
        page: await this.wholeOf(page),
        isLast: found.length < PAGE.items && page.length === found.length,
      };
    });
  }

  /** In their order; those whose params are large are read again, with them. */
  private async wholeOf(found: readonly Found[]): Promise<ListedOperation[]> {
    const large = found.filter((operation) => !isWhole(operation)).map(({ _id }) => _id);
    if (large.length === 0) return found.filter(isWhole);
    const read = (await this.read({ _id: { $in: large } }, LISTED, large.length)) as ListedOperation[];
    const byId = new Map(read.map((operation) => [operation._id.toHexString(), operation]));
    return found.flatMap((operation) =>
      isWhole(operation) ? operation : (byId.get(operation._id.toHexString()) ?? []),
    );
  }

  private async read(conditions: object, projection: object, limit: number) {
    const documents: Buffer[] = await this.model.collection
      .find<Buffer>(conditions, {
        projection,
        ...{ sort: { _id: 1 }, limit, batchSize: limit + 1, raw: true },
      })
      .toArray();
    return documents.map((bytes) => this.known.of(bytes));
  }
}

function isWhole(operation: Found): operation is Found & ListedOperation {
  return operation.accepted_params !== undefined;
}
