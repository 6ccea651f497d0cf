import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiWorld } from '../support/api-world.js';
import { FileFactory, type ImportFile } from '../support/file-factory.js';
import { until } from '../support/until.js';

/** Minutes, so it is run by `make import-test` alone. */
const part = process.env['IMPORT_TEST'] === undefined ? describe.skip : describe;

const KILLS = 5;
const LONG = 1_800_000;
const isReason = (name: string) => name.endsWith('.reason.txt');

part('a thousand files and five kills', () => {
  let world: ApiWorld;
  let folder: string;
  const inbox = () => join(folder, 'in');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pladmed-import-test-'));
    await mkdir(inbox());
    world = await ApiWorld.startProcess({ IMPORT_DIR: inbox() });
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const listed = async (name: string) => (await readdir(join(inbox(), name)).catch(() => [])).sort();
  const failedFiles = async () => (await listed('failed')).filter((name) => !isReason(name));
  const movedCount = async () => (await listed('archive')).length + (await failedFiles()).length;

  /** Half of them are written where they are, half are renamed into place. */
  async function put({ name, bytes }: ImportFile, inPlace: boolean): Promise<void> {
    if (inPlace) {
      await writeFile(join(inbox(), name), bytes);
      return;
    }
    await writeFile(join(folder, name), bytes);
    await rename(join(folder, name), join(inbox(), name));
  }

  it(
    'stores each valid record once, and says of each bad file why',
    async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
      const files = filesOf(seed);
      expect(files).toHaveLength(1000);
      const began = Date.now();
      await Promise.all(files.map((file, index) => put(file, index % 2 === 0)));
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const moved = Math.floor((files.length * kill) / (KILLS + 1.5));
        await until(`${moved} files are moved`, async () => (await movedCount()) >= moved, LONG);
        await world.server.kill();
        await world.restart();
      }
      await until('all files are moved', async () => (await readdir(inbox())).length === 2, LONG);
      const seconds = Math.round((Date.now() - began) / 1000);

      const names = (isBad: boolean) =>
        files
          .filter((each) => each.isBad === isBad)
          .map(({ name }) => name)
          .sort();
      expect(await listed('archive')).toEqual(names(false));
      expect(await failedFiles()).toEqual(names(true));
      for (const name of names(true)) {
        const reason = await readFile(join(inbox(), 'failed', `${name}.reason.txt`), 'utf8');
        expect([name, reason]).toEqual([name, expect.stringMatching(/\w+/)]);
      }

      const times = await world.database
        .collection('results')
        .aggregate<{ _id: Date; count: number }>([{ $group: { _id: '$started_at', count: { $sum: 1 } } }])
        .toArray();
      const wanted = new Set(files.flatMap(({ records }) => records));
      const stored = new Set(times.map(({ _id }) => _id.getTime()));
      expect({
        doubled: times.filter(({ count }) => count !== 1),
        lost: [...wanted].filter((time) => !stored.has(time)),
        more: [...stored].filter((time) => !wanted.has(time)),
      }).toEqual({ doubled: [], lost: [], more: [] });

      // what the jobs say is what is there
      const jobs = await world.database
        .collection('imports')
        .find<{ stored: number; stored_before?: number; state: string }>({})
        .toArray();
      expect(jobs.reduce((sum, job) => sum + job.stored + (job.stored_before ?? 0), 0)).toBe(stored.size);
      expect(jobs.filter(({ state }) => !['done', 'failed'].includes(state))).toEqual([]);
      console.log(
        `seed ${seed}: ${files.length} files, ${stored.size} records, each once, ${names(true).length} bad files, ${KILLS} kills, ${seconds} s`,
      );
    },
    4 * LONG,
  );
});

function filesOf(seed: number): ImportFile[] {
  const factory = new FileFactory(seed);
  const all = <T>(count: number, make: (n: number) => T) =>
    Array.from({ length: count }, (_each, n) => make(n));
  const valid = all(600, (n) => factory.valid(n));
  return [
    ...valid,
    ...all(140, (n) => factory.doubled(n, valid[(n * 7) % valid.length]!)),
    ...all(125, (n) => factory.damaged(n)),
    ...all(130, (n) => factory.halfWritten(n)),
    ...all(5, (n) => factory.large(n, n === 4)),
  ];
}
