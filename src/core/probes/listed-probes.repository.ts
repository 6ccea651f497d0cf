import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { KnownDocuments } from '../../platform/database/known-documents.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { allOf, type Condition } from './probe-filter.js';
import { PROBE_MODEL, type ProbeConnection, type ProbeEntity } from './probe.schema.js';

const NAMED = { owner: 1, location: 1 } as const;
const LISTED = {
  ...NAMED,
  token_version: 1,
  'connection.session': 1,
  'connection.server': 1,
  'connection.total_credits': 1,
  'connection.in_use_credits': 1,
} as const;

/** A probe as an operation names it. */
export type NamedProbe = Pick<ProbeEntity, '_id' | 'owner' | 'location'>;

/** A probe in a list of all. */
export interface ListedProbe extends NamedProbe, Pick<ProbeEntity, 'token_version'> {
  connection?: Pick<ProbeConnection, 'session' | 'server' | 'total_credits' | 'in_use_credits'>;
}

const REPORTED = {
  ...{ 'connection.session': 1, 'connection.server': 1 },
  ...{ 'status.at': 1, 'status.backlog': 1, 'status.running': 1 },
} as const;

/** Whether a probe is here, and what it has said of its work. */
export interface ProbeReports extends Pick<ProbeEntity, '_id'> {
  connection?: Pick<ProbeConnection, 'session' | 'server'>;
  status?: Pick<NonNullable<ProbeEntity['status']>, 'at' | 'backlog' | 'running'>;
}

/** Some 20,000 probes. */
const LISTED_BYTES = 32 * 1024 * 1024;
const NAMED_BYTES = 16 * 1024 * 1024;
const REPORTED_BYTES = 16 * 1024 * 1024;

/** What listings and accounts show of probes, not the half of what is kept of one. A probe that is stored as before is the same object as before. */
@Injectable()
export class ListedProbesRepository {
  private readonly listed = new KnownDocuments<ListedProbe>(LISTED_BYTES);
  private readonly named = new KnownDocuments<NamedProbe>(NAMED_BYTES);
  private readonly reported = new KnownDocuments<ProbeReports>(REPORTED_BYTES);

  constructor(@InjectModel(PROBE_MODEL) private readonly model: Model<ProbeEntity>) {}

  /** All that match, in order of creation. */
  async findListed(conditions: readonly Condition[]): Promise<ListedProbe[]> {
    const found = await this.read(allOf(conditions), LISTED);
    return found.map((bytes) => this.listed.of(bytes));
  }

  /** In order of creation. */
  async findNamed(ids: readonly ObjectId[]): Promise<NamedProbe[]> {
    const found = await this.read({ _id: { $in: [...ids] } }, NAMED);
    return found.map((bytes) => this.named.of(bytes));
  }

  /** In order of creation. */
  async findReports(ids: readonly ObjectId[]): Promise<Readonly<ProbeReports>[]> {
    const found = await this.read({ _id: { $in: [...ids] } }, REPORTED);
    return found.map((bytes) => this.reported.of(bytes));
  }

  private async read(conditions: object, projection: object): Promise<Buffer[]> {
    return this.model.collection
      .find<Buffer>(conditions, { projection, sort: { _id: 1 }, batchSize: 10_000, raw: true })
      .toArray();
  }
}
