import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type FSWatcher, watch } from 'chokidar';
import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { access, constants, lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type ImportEntity, ImportsService } from '../../core/imports/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { isMissing } from '../../platform/errors/file-errors.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { Completeness } from './completeness.js';
import { isSame } from './file-stats.js';
import { MovedFiles } from './moved-files.js';

const EVERY_MS = 500;
/** Files that are imported at the same time. */
const AT_ONCE = 3;
const TELL_EVERY_MS = 60_000;

/**
 * Imports files that are put into IMPORT_DIR, and moves them to `archive/`, or to `failed/` with a reason beside them. Several servers may
 * watch one folder: the job of a file is done by one of them.
 */
@Injectable()
export class ImportFolder implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('imports');
  private readonly ended = new AbortController();
  private readonly task = new PeriodicTask(() => this.tick(), {
    logger: this.logger,
    failed: 'could not look after files in IMPORT_DIR; the next round does',
  });
  /** files that are to be looked at, and the tick from which on */
  private readonly waiting = new Map<string, number>();
  private readonly working = new Set<Promise<void>>();
  private readonly completeness: Completeness;
  private readonly moved = new MovedFiles();
  private watcher: FSWatcher | undefined;
  private ticks = 0;
  private toldAt = -Infinity;

  constructor(
    private readonly imports: ImportsService,
    @Inject(ENV) private readonly env: Env,
  ) {
    this.completeness = new Completeness((path) => imports.lackOf(path));
  }

  async onApplicationBootstrap(): Promise<void> {
    const { importDir } = this.env;
    if (importDir === undefined) return;
    await this.prepare(importDir);
    // a name that begins with a dot is how a writer says that it is not done
    const isLeftOut = (path: string) => path !== importDir && basename(path).startsWith('.');
    this.watcher = watch(importDir, { depth: 0, ignored: isLeftOut, followSymlinks: false });
    const note = (path: string) => {
      this.waiting.set(path, this.ticks);
    };
    this.watcher.on('add', note);
    this.watcher.on('change', note);
    this.watcher.on('error', (error) => {
      this.tell(error, 'IMPORT_DIR cannot be watched');
    });
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.ended.abort();
    await this.watcher?.close();
    await this.task.stop();
    await Promise.all(this.working);
  }

  private async prepare(folder: string): Promise<void> {
    try {
      for (const name of ['archive', 'failed']) await mkdir(join(folder, name), { recursive: true });
      await access(folder, constants.R_OK | constants.W_OK);
    } catch (error) {
      this.tell(error, 'IMPORT_DIR cannot be written: files in it are not imported until it can');
    }
  }

  private async tick(): Promise<void> {
    this.ticks += 1;
    await this.moved.look();
    this.begin();
  }

  /** Begins with as many files as there is room for: a large one keeps no others waiting. */
  private begin(): void {
    for (const [path, from] of this.waiting) {
      if (this.working.size >= AT_ONCE || this.ended.signal.aborted) return;
      if (from > this.ticks) continue;
      // first: what happens to it from here on is noted anew
      this.waiting.delete(path);
      const work = this.tryOne(path).finally(() => {
        this.working.delete(work);
        this.begin();
      });
      this.working.add(work);
    }
  }

  private async tryOne(path: string): Promise<void> {
    try {
      if (await this.one(path)) this.completeness.forget(path);
      else this.waiting.set(path, this.ticks + 1);
    } catch (error) {
      // another server has moved it, or its owner has
      if (isMissing(error)) {
        this.completeness.forget(path);
        return;
      }
      this.waiting.set(path, this.ticks + 1);
      this.tell(error, `${basename(path)} could not be imported; the next round tries again`);
    }
  }

  /** @returns whether nothing is left to do with it */
  private async one(path: string): Promise<boolean> {
    const before = await lstat(path);
    if (!before.isFile()) return true;
    const { importMaxBytes } = this.env;
    if (before.size > importMaxBytes) {
      await this.fail(
        path,
        before,
        `it has ${before.size} bytes, and may have ${importMaxBytes} (IMPORT_MAX_MB)`,
      );
      return true;
    }
    if (!(await this.completeness.isComplete(path, before))) return false;
    if (before.size === 0) {
      await this.fail(path, before, 'the file is empty');
      return true;
    }
    const owner = await this.owner();
    return owner !== null && (await this.imported(path, before, owner));
  }

  private async imported(path: string, before: Stats, owner: UserEntity): Promise<boolean> {
    const sha256 = await hashOf(path);
    if (await this.imports.hasJustFailed({ owner: owner._id, sha256 })) return false;
    if (!isSame(await lstat(path), before)) return false;
    const job = await this.imports.submit({
      owner: owner._id,
      sha256,
      bytes: before.size,
      name: basename(path).slice(0, 200),
      source: 'folder',
    });
    const over = await this.run(job, path);
    // what was written meanwhile is another content
    if (over === undefined || !isSame(await lstat(path), before)) return false;
    if (over.state === 'failed') await this.fail(path, before, reasonOf(over));
    else await this.move(path, before, await this.freeName('archive', basename(path)));
    return true;
  }

  private async run({ _id }: ImportEntity, path: string): Promise<ImportEntity | undefined> {
    try {
      return await this.imports.run(_id, path, this.ended.signal);
    } catch (error) {
      // its owner has taken it away: nobody else would end the job
      if (isMissing(error)) await this.imports.giveUp(_id);
      throw error;
    }
  }

  private async owner(): Promise<UserEntity | null> {
    const owner = await this.imports.folderOwner();
    if (owner === null)
      this.tell(
        undefined,
        'files wait to be imported, and nobody is there whose they are: make a superuser, or set IMPORT_OWNER',
      );
    return owner;
  }

  private async fail(path: string, stats: Stats, reason: string): Promise<void> {
    const to = await this.freeName('failed', basename(path));
    const reasonPath = `${to}.reason.txt`;
    // first: no file is there without its reason
    await writeFile(reasonPath, `${reason}\n`);
    try {
      await this.move(path, stats, to, reasonPath);
    } catch (error) {
      // another server has moved it, to this name or to another one
      if (!(await isThere(to))) await rm(reasonPath, { force: true });
      throw error;
    }
  }

  private async move(path: string, stats: Stats, to: string, reasonPath?: string): Promise<void> {
    await rename(path, to);
    this.moved.add({ from: path, to, stats, reasonPath });
  }

  /** Of two files of one name the second gets a number. */
  private async freeName(folder: 'archive' | 'failed', name: string): Promise<string> {
    const parent = join(this.env.importDir ?? '', folder);
    await mkdir(parent, { recursive: true });
    const first = join(parent, name);
    for (let number = 1; ; number += 1) {
      const path = number === 1 ? first : `${first}.${number}`;
      if (!(await isThere(path))) return path;
    }
  }

  private tell(error: unknown, message: string): void {
    if (performance.now() - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = performance.now();
    this.logger.warn({ err: error }, message);
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function reasonOf({ _id, errors }: ImportEntity): string {
  const lines = errors.map(({ record, message }) =>
    record === null ? message : `record ${record}: ${message}`,
  );
  return [...lines, `import ${String(_id)}`].join('\n');
}
