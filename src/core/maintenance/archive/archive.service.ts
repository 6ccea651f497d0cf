import { Inject, Injectable, Logger } from '@nestjs/common';
import { ENV } from '../../../config/config.module.js';
import { type Env } from '../../../config/env.js';
import { ObjectId } from '../../../platform/database/object-id.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { OperationsRepository } from '../../assignments/index.js';
import { type ArchiveBatchEntity, type ArchivedPart } from './archive-batch.schema.js';
import { ArchiveBatchesRepository } from './archive-batches.repository.js';
import { ArchiveFolder } from './archive-folder.js';
import { archiveLine } from './archive-line.js';

/** Deletes results, or their raw bytes. @returns how many */
export type Deletion = (ids: readonly ObjectId[]) => Promise<number>;

/**
 * Files results in ARCHIVE_DIR before they are deleted (docs/adr/0030). Of each batch there is a document first, then a file, then an entry of
 * the manifest, then the deletion: what a kill interrupts goes on from where it was.
 */
@Injectable()
export class ArchiveService {
  private readonly logger = new Logger('archive');
  private readonly folder: ArchiveFolder | undefined;

  constructor(
    private readonly batches: ArchiveBatchesRepository,
    private readonly operations: OperationsRepository,
    private readonly clock: PlatformClock,
    @Inject(ENV) { archiveDir }: Pick<Env, 'archiveDir'>,
  ) {
    this.folder = archiveDir === undefined ? undefined : new ArchiveFolder(archiveDir);
  }

  /** Whether there is one. */
  get isOn(): boolean {
    return this.folder !== undefined;
  }

  /**
   * Deletes results as soon as they are in the archive; at once where there is none.
   * @throws what the disk throws: nothing of them is deleted then
   */
  async archived(
    { operation, part, ids }: { operation: ObjectId; part: ArchivedPart; ids: readonly ObjectId[] },
    remove: Deletion,
  ): Promise<number> {
    if (this.folder === undefined) return remove(ids);
    const results = await this.batches.notArchived(ids);
    if (results.length === 0) return remove(ids);
    const batch = { _id: new ObjectId(), operation, part, results };
    await this.batches.insert(batch);
    await this.file(batch, this.folder);
    const removed = await remove(ids);
    await this.batches.delete(batch._id);
    return removed;
  }

  /** Goes on with what an interruption has left. */
  async resume(removeOf: (part: ArchivedPart) => Deletion): Promise<void> {
    if (this.folder === undefined) return;
    for (const batch of await this.batches.findAll()) {
      await this.file(batch, this.folder);
      await removeOf(batch.part)(batch.results);
      await this.batches.delete(batch._id);
    }
  }

  /** Puts a batch into the archive, unless it is there. */
  private async file(batch: ArchiveBatchEntity, folder: ArchiveFolder): Promise<void> {
    if (batch.named) return;
    const [id, operation] = [batch._id.toHexString(), batch.operation.toHexString()];
    if ((await folder.entryOf(operation, id)) === undefined) await this.write(batch, folder);
    await this.batches.noteNamed(batch._id);
  }

  private async write(
    { _id, operation, part, results }: ArchiveBatchEntity,
    folder: ArchiveFolder,
  ): Promise<void> {
    const kind = (await this.operations.findById(operation))?.kind ?? 'warts';
    const batch = _id.toHexString();
    let count = 0;
    const times: Date[] = [];
    const read = this.batches.read(results);
    const lines = (async function* () {
      for await (const result of read) {
        count += 1;
        times.push(result.received_at);
        yield `${archiveLine(result, kind)}\n`;
      }
    })();
    const written = await folder.write({ batch, operation: operation.toHexString(), lines });
    if (count !== results.length)
      this.logger.warn(
        { batch, wanted: results.length, found: count },
        'results were deleted before they were archived',
      );
    const sorted = times.map((time) => time.getTime()).sort((a, b) => a - b);
    const timeAt = (index: number) => new Date(sorted.at(index) ?? 0).toISOString();
    await folder.name({
      ...{ batch, operation_id: operation.toHexString(), kind, part, results: count, ...written },
      ...{ received_from: timeAt(0), received_to: timeAt(-1), written_at: this.clock.now().toISOString() },
    });
  }
}
