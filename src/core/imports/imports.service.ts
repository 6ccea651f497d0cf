import { Inject, Injectable, Logger } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { serverId } from '../../config/server-id.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type UserEntity, UsersRepository } from '../users/index.js';
import { rawBytes } from '../ingest/index.js';
import { FileError } from './file-error.js';
import { type ImportEntity } from './import.schema.js';
import { type ImportOwner, type ImportTarget, ImportTargets } from './import-targets.js';
import { type ImportBatch, ImportWriter, JobLostError, type Placed } from './import-writer.js';
import { ImportsRepository, LEASE_MS, type NewImport } from './imports.repository.js';
import { jsonResults, kindsIn } from './json-results.js';
import { jsonValues } from './json-values.js';
import { type FileItem } from './records.js';
import { beginningOf, unpacked } from './unpack.js';
import { wartsRecords, wartsResults } from './warts-results.js';

/** Small: what waits to be written is in memory. */
const CHUNK_BYTES = 64 * 1024;
/** What one transaction takes. */
const MOST_RESULTS = 200;
const MOST_BYTES = 6 * 1024 * 1024;

/** Uploads of one user that are not done. */
const MOST_WAITING = 20;
/** Longer than a file needs to get out of the folder when its import has failed. */
const MOVING_MS = 5_000;
/** Operations and probes that are made for one file. */
const MOST_OPERATIONS = 1_000;
const MOST_PROBES = 10_000;
/** A packed file may unpack to so many times what a file may have at most. */
const UNPACKED_TIMES = 16;

/** Where a server keeps what was uploaded to it, until it is imported. */
export function importsFolder({ dataDir }: Pick<Env, 'dataDir'>): string {
  return join(dataDir, 'imports');
}

/** Imports files: each is a job that any importer which has the file may do, and go on with where another one died. */
@Injectable()
export class ImportsService {
  private readonly logger = new Logger('imports');
  private readonly holder: string;
  private readonly mostUnpacked: number;

  constructor(
    private readonly jobs: ImportsRepository,
    private readonly targets: ImportTargets,
    private readonly writer: ImportWriter,
    private readonly users: UsersRepository,
    private readonly clock: PlatformClock,
    @Inject(ENV) private readonly env: Env,
  ) {
    this.mostUnpacked = UNPACKED_TIMES * env.importMaxBytes;
    this.holder = `${serverId(env.dataDir)} ${new ObjectId().toHexString()}`;
  }

  /**
   * @returns the job of this content of this owner, made now or before. One that failed begins anew: what it lacked may be there now, and what
   *   it has stored is known again.
   */
  async submit(file: NewImport): Promise<ImportEntity> {
    const { job, isNew } = await this.jobs.submit(file, this.clock.now());
    if (isNew || job.state === 'done') return job;
    if (job.state === 'failed') return (await this.jobs.again(job._id, file, this.clock.now())) ?? job;
    // it may have come to another server before, which is gone
    const { server, file: called } = file;
    if (server === undefined || called === undefined) return job;
    return (await this.jobs.adopt(job._id, { server, file: called })) ?? job;
  }

  /** @returns whether this content has failed so lately that the server which has tried may not have moved its file yet */
  async hasJustFailed({ owner, sha256 }: Pick<NewImport, 'owner' | 'sha256'>): Promise<boolean> {
    const endedAt = await this.jobs.failedAt(owner, sha256);
    return endedAt !== undefined && this.clock.now().getTime() - endedAt.getTime() < MOVING_MS;
  }

  /** @throws DomainError limit_reached where too many uploads of a user wait */
  async checkRoom({ _id }: UserEntity): Promise<void> {
    if ((await this.jobs.countOpen(_id, MOST_WAITING)) >= MOST_WAITING)
      throw new DomainError(
        'limit_reached',
        `${MOST_WAITING} uploads of yours wait to be imported: come back when they are`,
      );
  }

  /** @returns whose the files of the folder are; null: there is no such account */
  async folderOwner(): Promise<UserEntity | null> {
    const { importOwner } = this.env;
    return importOwner === undefined ? this.users.findFirstSuperuser() : this.users.findByEmail(importOwner);
  }

  /** Ends a job whose file is gone. */
  async giveUp(id: ObjectId): Promise<void> {
    if ((await this.jobs.take(id, this.holder)) !== null)
      await this.jobs.end(id, this.holder, this.clock.now(), aboutFile('the file is gone'));
  }

  /** @returns why a file cannot be read to its end, where that is so: it may not be complete yet */
  async lackOf(path: string): Promise<string | undefined> {
    try {
      const { isWarts, whole } = await contentOf(path, this.mostUnpacked);
      for await (const _item of isWarts ? wartsRecords(whole) : jsonValues(whole));
      return undefined;
    } catch (error) {
      if (error instanceof FileError) return error.message;
      throw error;
    }
  }

  /** @throws DomainError not_found, also for somebody else's */
  async get(id: ObjectId | undefined, { _id, is_superuser }: UserEntity): Promise<ImportEntity> {
    const job = id && (await this.jobs.findById(id));
    if (!job || !(is_superuser || job.owner.equals(_id)))
      throw new DomainError('not_found', 'There is no such import');
    return job;
  }

  /** Newest first: a user's own, of a superuser those of all. */
  async list(user: UserEntity, limit: number, before?: ObjectId): Promise<ImportEntity[]> {
    return this.jobs.findPage(user.is_superuser ? undefined : user._id, limit, before);
  }

  /** Uploads that a server has and that are not done. */
  async openAt(server: string, limit: number): Promise<ImportEntity[]> {
    return this.jobs.findOpen(server, limit);
  }

  /**
   * Imports a file, from where it was left.
   * @returns the job when it is over; undefined: another importer has it, the signal was aborted, or its owner is gone, and with them an upload
   * @throws what the database or the disk throws: the job stays as far as it is
   */
  async run(id: ObjectId, path: string, signal: AbortSignal): Promise<ImportEntity | undefined> {
    const job = await this.jobs.take(id, this.holder);
    if (job === null) return this.overOf(id);
    const lost = new AbortController();
    const renewing = setInterval(() => {
      this.jobs.renew(id, this.holder).then(
        (isOurs) => {
          if (!isOurs) lost.abort();
        },
        // the next one may do; a batch asks again
        () => undefined,
      );
    }, LEASE_MS / 3);
    try {
      const owner = await this.users.findById(job.owner);
      if (owner === null || owner.deleted_at !== undefined) await this.drop(job, path);
      else await this.read(job, owner, path, AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      if (error instanceof JobLostError) return undefined;
      throw error;
    } finally {
      clearInterval(renewing);
      await this.jobs.release(id, this.holder).catch(() => undefined);
    }
    return this.overOf(id);
  }

  /**
   * Nothing more of an owner who is gone is imported. An upload waits until the server comes by that has its file, which drops it; a file
   * of the folder stays there for the owner that the folder has then.
   */
  async forget(owner: ObjectId): Promise<void> {
    await this.jobs.forget(owner);
  }

  /** First the file: who dies between finds the job again. */
  private async drop({ _id, source }: ImportEntity, path: string): Promise<void> {
    if (source === 'upload') await rm(path, { force: true });
    await this.jobs.delete(_id, this.holder);
  }

  private async overOf(id: ObjectId): Promise<ImportEntity | undefined> {
    const job = await this.jobs.findById(id);
    return job && isOver(job) ? job : undefined;
  }

  private async read(
    job: ImportEntity,
    owner: ImportOwner,
    path: string,
    signal: AbortSignal,
  ): Promise<void> {
    let failure: string | undefined;
    let refused = job.refused;
    const extent = new Extent(job.operations);
    try {
      for await (const items of inBatches(itemsOf(path, this.mostUnpacked), job.records)) {
        if (signal.aborted) return;
        const batch = await this.batchOf(items, { job, owner, extent });
        await this.writer.write(job, this.holder, batch);
        refused += batch.errors.length;
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      failure = error.message;
    }
    if (signal.aborted) return;
    if (failure === undefined && refused > 0) failure = `${refused} records could not be stored`;
    await this.jobs.end(
      job._id,
      this.holder,
      this.clock.now(),
      failure === undefined ? undefined : aboutFile(failure),
    );
    const { name, bytes } = job;
    this.logger.log({ import_id: String(job._id), name, bytes, failure }, 'a file was imported');
  }

  private async batchOf(
    items: readonly FileItem[],
    { job, owner, extent }: { job: ImportEntity; owner: ImportOwner; extent: Extent },
  ): Promise<ImportBatch> {
    const placed: Placed[] = [];
    const errors: { record: number; message: string }[] = [];
    let skipped = 0;
    for (const item of items) {
      if (item.type === 'skipped') skipped += 1;
      else if (item.type === 'refused') errors.push({ record: item.record, message: item.message });
      else {
        const { result } = item;
        const target = extent.admit(await this.targets.of(result, job, owner));
        if (typeof target === 'string') errors.push({ record: result.record, message: target });
        else placed.push({ result, target });
      }
    }
    return { records: items.length, skipped, errors, placed };
  }
}

/** Bounds what is made for one file. */
class Extent {
  private readonly operations: Set<string>;
  private readonly probes = new Set<string>();

  constructor(operations: readonly ObjectId[]) {
    this.operations = new Set(operations.map(String));
  }

  /** @returns the target, or why there is no room for it */
  admit(target: ImportTarget | string): ImportTarget | string {
    if (typeof target === 'string' || target.made === undefined) return target;
    if (!fits(this.operations, String(target.operation), MOST_OPERATIONS))
      return `operation_id: the file names more than ${MOST_OPERATIONS} operations`;
    if (!fits(this.probes, String(target.probe), MOST_PROBES))
      return `probe_id: the file names more than ${MOST_PROBES} probes`;
    return target;
  }
}

/** Adds a name where there is room. @returns whether it is there */
function fits(names: Set<string>, name: string, most: number): boolean {
  if (names.size < most) names.add(name);
  return names.has(name);
}

export function isOver({ state }: ImportEntity): boolean {
  return state === 'done' || state === 'failed';
}

function aboutFile(message: string) {
  return { record: null, message };
}

/** @throws FileError where it is neither warts nor JSON: its first bytes tell */
async function contentOf(path: string, mostUnpacked: number) {
  const file = unpacked(createReadStream(path, { highWaterMark: CHUNK_BYTES }), mostUnpacked);
  const { begin, whole } = await beginningOf(file, 2);
  const isWarts = begin[0] === 0x12 && begin[1] === 0x05;
  if (!isWarts && !/^[\s{[]/.test(String.fromCharCode(begin[0] ?? 0))) {
    await whole.return();
    throw new FileError('it is neither warts nor JSON, as it is or packed by gzip, bzip2, xz or zstd');
  }
  return { isWarts, whole };
}

/** What a file says. */
async function* itemsOf(path: string, mostUnpacked: number): AsyncGenerator<FileItem, void> {
  const { isWarts, whole } = await contentOf(path, mostUnpacked);
  const kindsOf = async () => kindsIn((await contentOf(path, mostUnpacked)).whole);
  if (isWarts) yield* wartsResults(whole);
  else yield* jsonResults(whole, kindsOf);
}

/** @param skip records that were done before. What came before an error comes before it. */
async function* inBatches(items: AsyncIterable<FileItem>, skip: number): AsyncGenerator<FileItem[], void> {
  let batch: FileItem[] = [];
  let bytes = 0;
  let record = 0;
  try {
    for await (const item of items) {
      record += 1;
      if (record <= skip) continue;
      batch.push(item);
      bytes += weightOf(item);
      if (batch.length < MOST_RESULTS && bytes < MOST_BYTES) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
  } catch (error) {
    if (batch.length > 0 && error instanceof FileError) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

/** Roughly, in bytes. */
function weightOf(item: FileItem): number {
  if (item.type !== 'result') return 100;
  const { raw, rtts, summary } = item.result.members;
  return rawBytes(raw).length + rawBytes(rtts).length + 300 * (summary?.length ?? 0) + 500;
}
