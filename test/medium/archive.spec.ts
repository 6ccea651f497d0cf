import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { unpacked } from '../../src/core/imports/unpack.js';
import { ImportsService } from '../../src/core/imports/imports.service.js';
import { rawBytes, type ResultEntity } from '../../src/core/ingest/index.js';
import { ArchiveBatchesRepository } from '../../src/core/maintenance/archive/archive-batches.repository.js';
import { ArchiveFolder } from '../../src/core/maintenance/archive/archive-folder.js';
import { ExpiredRepository } from '../../src/core/maintenance/retention/expired.repository.js';
import { RetentionService } from '../../src/core/maintenance/retention/retention.service.js';
import { digestResult } from '../../src/measurement/kinds/result-formats.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';
import { dnsResult } from '../support/native-probe.js';

const HOUR = 3_600_000;
const go = new AbortController().signal;

/** Where a kill may come, in the order of the way of a batch. */
const STEPS = {
  'before its file': [ArchiveFolder.prototype, 'write'],
  'behind its file': [ArchiveFolder.prototype, 'name'],
  'behind the manifest': [ArchiveBatchesRepository.prototype, 'noteNamed'],
  'before the deletion': [ExpiredRepository.prototype, 'deleteResults'],
  'behind the deletion': [ArchiveBatchesRepository.prototype, 'delete'],
} as const;

describe('the archive', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;
  let folder: string;

  beforeAll(async () => {
    mongo = await testMongo();
    folder = await mkdtemp(join(tmpdir(), 'pladmed-archive-'));
    app = await AppContext.start(mongo.uri, { ARCHIVE_DIR: folder });
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    for (const each of ['results', 'operations', 'assignments', 'archive_batches'])
      await connection.collection(each).deleteMany({});
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const results = () => connection.collection<ResultEntity>('results');

  /** An operation whose results, one a minute, came from three hours ago on. */
  async function filled(count: number, retention: object) {
    const user = await app.user();
    const probe = await app.probe(user);
    const start = new Date(Date.now() - 3 * HOUR);
    const ends = new Date(Date.now() + HOUR);
    const operation = {
      ...{ _id: new ObjectId(), owner: user._id, kind: 'dns', accepted_params: '{}', params: {}, retention },
      ...{ schedule: { type: 'interval', every_s: 60, start, stop: ends }, result_format: 'dns' },
      ...{ visibility: 'private', cost_per_run: 1, runs_per_probe: 240, credits: 0, probe_count: 1 },
      ...{ created_at: new Date(start.getTime() - HOUR), ends_at: ends, revision: 1 },
    };
    await connection.collection('operations').insertOne(operation);
    await app.assignment(probe, { operation: operation._id, created_at: start, ends_at: ends });
    const { content } = dnsResult(operation._id.toHexString(), start.toISOString());
    const { summary } = await digestResult('dns', content);
    const documents = Array.from({ length: count }, (_each, n): ResultEntity => {
      const at = new Date(start.getTime() + n * 60_000);
      return {
        ...{ _id: new ObjectId(), operation: operation._id, probe: probe._id, unique_code: at.toISOString() },
        ...{ received_at: at, scheduled_at: at, duration_ms: n },
        ...(n % 5 === 0
          ? { outcome: 'failed' as const, failure: { reason: 'timeout', detail: 'no answer' } }
          : { outcome: 'stored' as const, format: 'dns' as const, raw: content, summary }),
      };
    });
    await results().insertMany(documents);
    return { user, operation: operation._id, documents };
  }

  const sweep = () => app.get(RetentionService).work(go, new Date());

  async function archived(operation: ObjectId) {
    const path = join(folder, operation.toHexString());
    const entries = await new ArchiveFolder(folder).entries(operation.toHexString());
    const lines: { id: string; raw: string | null }[] = [];
    for (const entry of entries) {
      const bytes = await readFile(join(path, entry.file));
      expect({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
        ...{ bytes: entry.bytes, sha256: entry.sha256 },
      });
      const found = await linesOf(join(path, entry.file));
      expect(found).toHaveLength(entry.results);
      lines.push(...found);
    }
    return { entries, lines };
  }

  async function linesOf(path: string): Promise<{ id: string; raw: string | null }[]> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of unpacked(createReadStream(path), 2 ** 30)) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as { id: string; raw: string | null });
  }

  async function readBack(operation: ObjectId, owner: ObjectId): Promise<number> {
    let stored = 0;
    for (const { file, sha256, bytes } of (await archived(operation)).entries) {
      const imports = app.get(ImportsService);
      const job = await imports.submit({ owner, sha256, bytes, name: file, source: 'upload' });
      const over = await imports.run(job._id, join(folder, operation.toHexString(), file), go);
      expect(over).toMatchObject({ state: 'done', refused: 0 });
      stored += over?.stored ?? 0;
    }
    return stored;
  }

  it('has each result once before it is deleted, wherever it is interrupted, and gives it back as it was', async () => {
    const steps = fc.array(fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 30 }), async (kills, count) => {
        const { user, operation, documents } = await filled(count, { results_s: HOUR / 1000 });
        const old = documents.filter(({ received_at }) => received_at.getTime() < Date.now() - HOUR);
        for (const kill of kills) {
          const [object, method] = STEPS[kill];
          const whole = object[method as never] as unknown;
          Object.assign(object, {
            [method]: () => Promise.reject(new Error('killed')),
          });
          await sweep().catch(() => undefined);
          Object.assign(object, { [method]: whole });
          // what is gone is in the archive
          const names = new Set((await archived(operation)).lines.map(({ id }) => id));
          const left = await results().countDocuments({ operation });
          expect(left + names.size).toBeGreaterThanOrEqual(count);
        }
        await sweep();
        const { lines } = await archived(operation);
        expect(lines.map(({ id }) => id)).toEqual(old.map(({ _id }) => _id.toHexString()));
        expect(await results().countDocuments({ operation })).toBe(count - old.length);
        expect(await connection.collection('archive_batches').countDocuments()).toBe(0);

        expect(await readBack(operation, user._id)).toBe(old.length);
        for (const { received_at, ...document } of old) {
          const back = (await results().findOne({ _id: document._id }))!;
          expect(back).toMatchObject({ first_received_at: received_at, unique_code: document.unique_code });
          expect([back.outcome, back.scheduled_at, back.failure, back.duration_ms]).toEqual([
            ...[document.outcome, document.scheduled_at, document.failure, document.duration_ms],
          ]);
          expect(back.summary).toEqual(document.summary);
          expect(rawBytes(back.raw).equals(rawBytes(document.raw))).toBe(true);
        }
      }),
      { numRuns: sized(8, 4) },
    );
  });

  it('has raw bytes before they are deleted, and the result not again', async () => {
    const { operation, documents } = await filled(130, { raw_s: 2 * 3600, results_s: null });
    await sweep();
    const { lines, entries } = await archived(operation);
    expect(entries.every(({ part }) => part === 'raw')).toBe(true);
    expect(lines.length).toBeGreaterThan(20);
    for (const { raw } of lines) expect(raw).not.toBeNull();
    await connection
      .collection('operations')
      .updateOne({ _id: operation }, { $set: { 'retention.results_s': HOUR / 1000 } });
    await sweep();
    const all = (await archived(operation)).lines.map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    const old = documents.filter(({ received_at }) => received_at.getTime() < Date.now() - HOUR);
    expect(all.length).toBe(old.length);
  });

  it('has nothing of what may be in none: private results of a deleted account', async () => {
    const retention = { raw_s: 2 * 3600, results_s: 2.5 * 3600, unarchived: true };
    const { operation } = await filled(170, retention);
    const known = { operation, raw: { $exists: false } };
    await sweep();
    expect((await archived(operation)).entries).toEqual([]);
    expect(await results().countDocuments({ operation })).toBeLessThan(170);
    expect(await results().countDocuments(known)).toBeGreaterThan(0);
    expect(await results().countDocuments({ ...known, archived: true })).toBe(0);
  });

  it('writes behind what a kill has left of a line of the manifest', async () => {
    const { operation } = await filled(10, { results_s: HOUR / 1000 });
    await sweep();
    await appendFile(join(folder, operation.toHexString(), 'manifest.ndjson'), '{"batch":"cut o');
    expect((await archived(operation)).lines).toHaveLength(10);
    await results().updateMany({}, { $set: { received_at: new Date(0) } });
    const archive = new ArchiveFolder(folder);
    const [entry] = await archive.entries(operation.toHexString());
    await archive.name({ ...entry!, batch: 'next' });
    expect((await archive.entries(operation.toHexString())).map(({ batch }) => batch)).toEqual([
      entry!.batch,
      'next',
    ]);
  });

  it('deletes nothing where the archive cannot be written', async () => {
    const { operation } = await filled(10, { results_s: HOUR / 1000 });
    const full = jest.spyOn(ArchiveFolder.prototype, 'write').mockRejectedValue(new Error('ENOSPC'));
    await expect(sweep()).rejects.toThrow('ENOSPC');
    full.mockRestore();
    expect(await results().countDocuments({ operation })).toBe(10);
  });
});
