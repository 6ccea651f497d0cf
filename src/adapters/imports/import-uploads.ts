import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { serverId } from '../../config/server-id.js';
import { type ImportEntity, importsFolder, ImportsService } from '../../core/imports/index.js';
import { isMissing } from '../../platform/errors/file-errors.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';

const EVERY_MS = 1_000;
const AT_ONCE = 20;
/** More than all users can have here. */
const MOST_OPEN = 100_000;

/** Imports what was uploaded to this server, one file after the other; what a kill has left goes on. */
@Injectable()
export class ImportUploads implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('imports');
  private readonly ended = new AbortController();
  private readonly task = new PeriodicTask(() => this.work(), {
    logger: this.logger,
    failed: 'uploads could not be imported; the next round goes on',
  });
  private readonly folder: string;

  constructor(
    private readonly imports: ImportsService,
    @Inject(ENV) private readonly env: Env,
  ) {
    this.folder = importsFolder(env);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.sweep();
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.ended.abort();
    await this.task.stop();
  }

  /** Deletes what no job needs: its sender was cut off, or a kill came between the end of a job and this. */
  private async sweep(): Promise<void> {
    const open = await this.imports.openAt(serverId(this.env.dataDir), MOST_OPEN);
    const needed = new Set(open.map(nameOf));
    const left = await readdir(this.folder).catch(() => []);
    for (const name of left.filter((each) => !needed.has(each)))
      await rm(join(this.folder, name), { force: true });
  }

  private async work(): Promise<void> {
    for (const job of await this.imports.openAt(serverId(this.env.dataDir), AT_ONCE)) await this.tryOne(job);
  }

  private async tryOne(job: ImportEntity): Promise<void> {
    const path = join(this.folder, nameOf(job));
    try {
      const over = await this.imports.run(job._id, path, this.ended.signal);
      if (over !== undefined) await rm(path, { force: true });
    } catch (error) {
      if (isMissing(error)) await this.imports.giveUp(job._id);
      else this.logger.warn({ err: error }, 'an upload could not be imported; the next round goes on');
    }
  }
}

function nameOf({ owner, sha256, file }: ImportEntity): string {
  return file ?? `${owner.toHexString()}-${sha256}`;
}
