import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { type ChangeEntity, type Sighting } from './change.schema.js';
import { ChangesRepository } from './changes.repository.js';
import { type DetectionResult } from './detection.js';
import { type SeriesChange } from './rules/series.js';

/** Probes that see the same within this time before or after the first have seen one change. */
export const MERGE_MS = 3_600_000;

/** A probe from which nothing comes. */
export interface Quiet {
  operation: ObjectId;
  probe: ObjectId;
  /** when something came last */
  since: Date;
  /** when it counted as quiet */
  noticedAt: Date;
  backAt?: Date;
}

type NewChange = Omit<ChangeEntity, '_id' | 'number' | 'updated' | 'probes' | 'probe_count' | 'noticed_at'>;

/** Writes down what was noticed: as a new change, or as a further sighting of one that other probes have seen. */
@Injectable()
export class ChangeRecorder {
  constructor(private readonly changes: ChangesRepository) {}

  /** @param result in which the change was noticed */
  async record(change: SeriesChange, result: DetectionResult, transaction: Transaction): Promise<void> {
    const { type, destination, before, after, firstResult, resultBefore } = change;
    const { operation, probe } = result;
    const since = new Date(change.since);
    const sighting: Sighting = {
      probe,
      since,
      noticed_at: result.received_at,
      ...(firstResult !== undefined && { first_result: new ObjectId(firstResult) }),
      ...(resultBefore !== undefined && { result_before: new ObjectId(resultBefore) }),
    };
    const found = { operation, type, destination, before, after, since, keys: keysOf(change) };
    await this.write(found, sighting, result._id.toHexString(), transaction);
  }

  async recordQuiet(quiet: Quiet, transaction: Transaction): Promise<void> {
    const { operation, probe, since, noticedAt, backAt } = quiet;
    const number = () => this.changes.nextNumber(transaction);
    if (backAt && (await this.changes.noteReturn(operation, probe, since, backAt, number, transaction)))
      return;
    const sighting = { probe, since, noticed_at: noticedAt, ...(backAt && { back_at: backAt }) };
    const nothing = { destination: null, before: null, after: null };
    const found = { operation, type: 'quiet' as const, ...nothing, since, keys: ['quiet'] };
    await this.write(found, sighting, since.toISOString(), transaction);
  }

  /** @param from what tells it from all others of this probe, type and destination */
  private async write(
    found: NewChange,
    sighting: Sighting,
    from: string,
    transaction: Transaction,
  ): Promise<void> {
    const { operation, type, destination, keys, since } = found;
    const number = await this.changes.nextNumber(transaction);
    const [earliest, latest] = [-MERGE_MS, MERGE_MS].map((ms) => new Date(since.getTime() + ms));
    const alike = await this.changes.findAlike(
      { operation, type, destination, keys, from: earliest ?? since, to: latest ?? since },
      sighting.probe,
      transaction,
    );
    if (alike !== null) return this.changes.addSighting(alike._id, sighting, number, transaction);
    const { noticed_at } = sighting;
    const names = [operation, sighting.probe, type, destination ?? '', from].map(String);
    await this.changes.insert(
      { _id: idOf(noticed_at, names), number, updated: number, ...found, noticed_at, ...only(sighting) },
      transaction,
    );
  }
}

function only(sighting: Sighting): Pick<ChangeEntity, 'probes' | 'probe_count'> {
  return { probes: [sighting], probe_count: 1 };
}

/** The same when it is found anew: its time, and a hash of what names it. */
function idOf(at: Date, names: readonly string[]): ObjectId {
  const bytes = createHash('sha256').update(JSON.stringify(names)).digest().subarray(0, 12);
  bytes.writeUInt32BE(Math.floor(at.getTime() / 1000) >>> 0, 0);
  return new ObjectId(bytes);
}

/** What is new. Two probes that have some of it in common have seen the same change. */
export function keysOf(change: SeriesChange): string[] {
  switch (change.type) {
    case 'path':
      return [...new Set(change.after.hops.flatMap(({ addresses }) => addresses))];
    case 'rtt_level':
      return [change.after.rtt_ms > change.before.rtt_ms ? 'up' : 'down'];
    case 'certificate':
      return change.after.certificates.map(({ fingerprint_sha256 }) => fingerprint_sha256);
    case 'dns_answers':
      return change.after.records.length > 0 ? change.after.records : [change.after.rcode];
    case 'http_status':
      return change.after.statuses.map(String);
    case 'ntp_server':
      return change.after.servers.map(({ stratum, leap }) => `${stratum} ${leap}`);
  }
}
