import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { decode } from '@pladmed/warts';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Connection } from 'mongoose';
import { ImportFolder } from '../../src/adapters/imports/import-folder.js';
import { AccountsService } from '../../src/core/accounts/index.js';
import { type OperationEntity } from '../../src/core/assignments/operation.schema.js';
import { countsOf, type ImportEntity } from '../../src/core/imports/import.schema.js';
import { ImportsRepository } from '../../src/core/imports/imports.repository.js';
import { ImportsService } from '../../src/core/imports/imports.service.js';
import { rawBytes, type ResultEntity } from '../../src/core/ingest/index.js';
import { type ProbeEntity } from '../../src/core/probes/index.js';
import { type UserEntity, UsersRepository } from '../../src/core/users/index.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';

const FIXTURES = join(import.meta.dirname, '../../warts/test/fixtures');
const go = new AbortController().signal;
const ABOUT_THE_FILE = ['list', 'cycle-start', 'cycle-definition', 'cycle-stop', 'address', 'skipped'];
/** The measurements of a file, by the decoder itself. */
const measurementsIn = (bytes: Uint8Array) =>
  decode(bytes).records.filter(({ type }) => !ABOUT_THE_FILE.includes(type));

describe('imports', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let connection: Connection;
  let folder: string;
  let user: UserEntity;

  beforeAll(async () => {
    mongo = await testMongo();
    folder = await mkdtemp(join(tmpdir(), 'pladmed-imports-'));
    const settings = { IMPORT_DIR: join(folder, 'in'), IMPORT_OWNER: 'importer@example.org' };
    await mkdir(settings.IMPORT_DIR);
    servers = [await AppContext.start(mongo.uri, settings), await AppContext.start(mongo.uri, settings)];
    user = await servers[0]!.user(0, settings.IMPORT_OWNER);
    connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const results = () => connection.collection<ResultEntity>('results');
  const fixture = (name: string) => readFile(join(FIXTURES, name));
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const of = ({ _id }: ImportEntity) => results().find({ imported: _id }).toArray();

  async function submit(bytes: Uint8Array, owner = user) {
    const path = join(folder, sha(bytes));
    await writeFile(path, bytes);
    const job = await servers[0]!
      .get(ImportsService)
      .submit({ owner: owner._id, sha256: sha(bytes), bytes: bytes.length, name: 'file', source: 'upload' });
    return { job, path };
  }

  async function imported(bytes: Uint8Array, owner = user): Promise<ImportEntity> {
    const { job, path } = await submit(bytes, owner);
    const over = await servers[0]!.get(ImportsService).run(job._id, path, go);
    if (over === undefined) throw new Error('it is not over');
    return over;
  }

  it('stores each measurement of a file of warts once, by its type, and charges nothing', async () => {
    for (const name of ['ping', 'trace', 'host', 'other', 'owamp', 'tracelb', 'dealias']) {
      const bytes = await fixture(`2026/${name}.warts`);
      const wanted = measurementsIn(bytes);
      const job = await imported(gzipSync(bytes));
      expect([name, job.state, job.stored, job.errors]).toEqual([name, 'done', wanted.length, []]);
      const stored = await of(job);
      expect(stored).toHaveLength(wanted.length);
      for (const result of stored) expect(result).toMatchObject({ uncounted: true, format: 'warts' });
      const operations = await connection
        .collection<OperationEntity>('operations')
        .find({ _id: { $in: job.operations } })
        .toArray();
      const kinds = wanted.map(
        ({ type }) => ({ ping: 'ping', trace: 'traceroute' })[type as string] ?? 'warts',
      );
      expect(operations.map(({ kind }) => kind).sort()).toEqual([...new Set(kinds)].sort());
      expect(operations[0]).toMatchObject({ owner: user._id, visibility: 'private', credits: 0 });
      // the same content again is the same job
      expect((await imported(gzipSync(bytes)))._id).toEqual(job._id);
    }
    const probes = await connection.collection<ProbeEntity>('probes').find({ imported: true }).toArray();
    expect(probes.length).toBeGreaterThan(0);
    expect(await servers[0]!.balance(user)).toBe(0);
  });

  it('keeps what comes before the damage, and says where it is', async () => {
    const bytes = await fixture('2026/ping.warts');
    const cut = bytes.subarray(0, bytes.length - 5);
    const job = await imported(cut);
    // its records came in a whole file before
    expect(job).toMatchObject({ state: 'failed', stored: 0, duplicates: measurementsIn(cut).length });
    expect(job.errors[0]).toMatchObject({
      record: null,
      message: expect.stringContaining('ends inside') as unknown,
    });
    for (const other of [
      Buffer.from('no such file'),
      gzipSync(bytes).subarray(0, 60),
      Buffer.from('{"items":[{'),
    ])
      expect(await imported(other)).toMatchObject({ state: 'failed' });
  });

  it('goes on where an importer was interrupted: nothing is lost or doubled', async () => {
    const one = await fixture('2026/ping.warts');
    const bytes = await fixture('2026/random.warts.gz');
    const { job, path } = await submit(bytes);
    const stop = new AbortController();
    const run = servers[0]!.get(ImportsService).run(job._id, path, stop.signal);
    stop.abort();
    await run;
    const runs = await Promise.all(
      servers.map((server) => server.get(ImportsService).run(job._id, path, go)),
    );
    const over = await until('it is over', async () => {
      const found = runs.find((each) => each !== undefined);
      return found ?? (await servers[1]!.get(ImportsService).run(job._id, path, go));
    });
    expect(one.length).toBeGreaterThan(0);
    expect(over.errors).toEqual([]);
    expect(await results().countDocuments({ imported: job._id })).toBe(over.stored);
    expect(over.stored + over.skipped).toBe(over.records);
    const codes = await results().distinct('unique_code', { imported: job._id });
    expect(codes).toHaveLength(over.stored);
  });

  it('drops what an account has here that is deleted, also where the server that began to delete it is killed', async () => {
    const owner = await servers[0]!.user();
    await imported(await fixture('2026/ping.warts'), owner);
    const { job, path } = await submit(await fixture('2026/trace.warts'), owner);
    const repository = servers[0]!.get(ImportsRepository);
    expect(await repository.take(job._id, 'an importer')).not.toBeNull();
    // it is marked, and nothing else is done: so a kill leaves it
    await servers[0]!.get(UsersRepository).markDeleted(owner._id, new Date());
    await servers[1]!.get(AccountsService).finishAll(go);
    expect(await servers[0]!.get(UsersRepository).findById(owner._id)).toBeNull();
    const jobs = () => connection.collection<ImportEntity>('imports').find({ owner: owner._id }).toArray();
    // its file is on the disk of one server, which comes by
    expect((await jobs()).map(({ _id, name }) => [_id, name])).toEqual([[job._id, '']]);
    expect(await repository.renew(job._id, 'an importer')).toBe(false);
    expect(await servers[0]!.get(ImportsService).run(job._id, path, go)).toBeUndefined();
    expect(await jobs()).toEqual([]);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const made = await connection
      .collection<OperationEntity>('operations')
      .find({ owner: owner._id })
      .toArray();
    expect(made.map(({ retention }) => retention)).toEqual(
      made.map(() => ({ raw_s: 60, results_s: 60, rollups_s: 60, unarchived: true })),
    );
    expect(made.length).toBeGreaterThan(0);
  });

  it('imports what is put into the folder, whichever of two servers sees it, and moves it', async () => {
    const inbox = join(folder, 'in');
    const ping = await fixture('2026/ping.warts');
    const trace = await fixture('2026/trace.warts');
    const different = (n: number) =>
      Buffer.concat([ping, ...Array.from({ length: n }, () => trace.subarray(0, 0))]);
    const importers = servers.map((server) => server.get(ImportFolder));
    await Promise.all(importers.map((importer) => importer.onApplicationBootstrap()));
    await writeFile(join(inbox, 'a.warts'), gzipSync(different(1), { level: 1 }));
    await writeFile(join(inbox, 'same.warts'), gzipSync(different(1), { level: 1 }));
    await writeFile(join(inbox, 'bad.warts'), ping.subarray(0, ping.length - 9));
    await writeFile(join(inbox, '.part'), ping);
    await writeFile(join(folder, 'later.warts'), trace);
    await rename(join(folder, 'later.warts'), join(inbox, 'later.warts'));
    await until('all are moved', async () => (await readdir(inbox)).sort().join() === '.part,archive,failed');
    expect((await readdir(join(inbox, 'archive'))).sort()).toEqual(['a.warts', 'later.warts', 'same.warts']);
    expect((await readdir(join(inbox, 'failed'))).sort()).toEqual(['bad.warts', 'bad.warts.reason.txt']);
    expect(await readFile(join(inbox, 'failed', 'bad.warts.reason.txt'), 'utf8')).toMatch(
      /ends inside a record/,
    );
    // what has failed is tried again when it is put there again
    const failed = { sha256: sha(ping.subarray(0, ping.length - 9)) };
    const jobs = connection.collection<ImportEntity>('imports');
    const first = await jobs.findOne(failed);
    await writeFile(join(inbox, 'again.warts'), ping.subarray(0, ping.length - 9));
    await until('it is moved', async () => (await readdir(join(inbox, 'failed'))).includes('again.warts'));
    const again = await jobs.findOne(failed);
    expect(again).toMatchObject({ _id: first!._id, state: 'failed', name: 'again.warts', source: 'folder' });
    expect(again!.begun_at!.getTime()).toBeGreaterThan(first!.ended_at!.getTime());
    for (const importer of importers) await importer.onApplicationShutdown();
  });

  it('tries again what has failed: what it lacked may be there, what it has stored is known', async () => {
    const owner = await servers[0]!.user();
    const [operation, probe, later] = [new ObjectId(), new ObjectId(), new ObjectId()];
    const now = new Date();
    const part = (of: ObjectId) => ({ operation, probe: of, probe_owner: owner._id, created_at: now });
    await connection.collection('operations').insertOne({ _id: operation, owner: owner._id, kind: 'dns' });
    await connection.collection('assignments').insertOne(part(probe));
    const line = (of: ObjectId) =>
      JSON.stringify({
        ...{ id: String(new ObjectId()), operation_id: String(operation), probe_id: String(of) },
        ...{ unique_code: `run of ${String(of)}`, received_at: now, outcome: 'failed' },
        failure: { reason: 'timeout', detail: '' },
      });
    const bytes = Buffer.from(`${line(probe)}\n${line(later)}\n`);
    const first = await imported(bytes, owner);
    expect(countsOf(first)).toMatchObject({ stored: 1, duplicates: 0, refused: 1 });
    expect(first.errors[1]?.message).toContain(`${String(later)} has no part`);
    await connection.collection('assignments').insertOne(part(later));
    const second = await imported(bytes, owner);
    expect(second).toMatchObject({ _id: first._id, state: 'done', errors: [], created_at: first.created_at });
    expect(countsOf(second)).toEqual({ records: 2, stored: 2, duplicates: 0, skipped: 0, refused: 0 });
    expect(await results().countDocuments({ operation })).toBe(2);
    // what has succeeded is not
    expect((await submit(bytes, owner)).job).toMatchObject({ _id: first._id, state: 'done' });
    expect(await imported(bytes, owner)).toEqual(second);
  });

  it('ends the job of a file that is taken away from the folder', async () => {
    const bytes = Buffer.from('{"taken": "away"}');
    const { job, path } = await submit(bytes);
    await rm(path);
    await expect(servers[0]!.get(ImportsService).run(job._id, path, go)).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await servers[0]!.get(ImportsService).giveUp(job._id);
    const over = await servers[0]!.get(ImportsRepository).findById(job._id);
    expect(over).toMatchObject({ state: 'failed', errors: [{ record: null, message: 'the file is gone' }] });
  });

  it('puts results of an archive back into the operation of their owner, with their raw bytes', async () => {
    const job = await imported(await fixture('2026/planned-pings.warts.gz'));
    const [first] = await of(job);
    const archived = {
      id: String(first!._id),
      ...{ operation_id: String(first!.operation), probe_id: String(first!.probe), outcome: 'stored' },
      ...{ unique_code: first!.unique_code, kind: 'ping', format: 'warts' },
      ...{ received_at: first!.received_at, scheduled_at: first!.scheduled_at },
      raw: rawBytes(first!.raw).toString('base64'),
    };
    await results().deleteOne({ _id: first!._id });
    const lines = `${JSON.stringify(archived)}\n${JSON.stringify({ ...archived, id: 'x' })}\n`;
    const back = await imported(Buffer.from(lines));
    expect(back).toMatchObject({ state: 'failed', stored: 1, refused: 1, errors: { length: 2 } });
    expect(back.errors[1]).toMatchObject({ record: 1, message: expect.stringMatching(/^id: /) as unknown });
    const { received_at, imported: _imported, ...restored } = (await results().findOne({ _id: first!._id }))!;
    const { received_at: first_received_at, imported: _former, ...former } = first!;
    expect(restored).toMatchObject({ first_received_at, unique_code: first!.unique_code });
    expect(restored.summary).toEqual(former.summary);
    expect(rawBytes(restored.raw).equals(rawBytes(former.raw))).toBe(true);
    expect(rawBytes(restored.rtts).equals(rawBytes(former.rtts))).toBe(true);
    expect(received_at.getTime()).toBeGreaterThan(first_received_at.getTime());
    // a stranger has it beside
    const stranger = await servers[0]!.user();
    const theirs = await imported(Buffer.from(`[${JSON.stringify(archived)}]`), stranger);
    expect(theirs).toMatchObject({ state: 'done', stored: 1 });
    expect(theirs.operations.map(String)).not.toContain(String(first!.operation));
  });
});
