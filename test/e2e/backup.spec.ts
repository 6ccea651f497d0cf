import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiClient } from '../support/api-client.js';
import { type Operation, PASSWORD, pingOn, type Registered } from '../support/api-world.js';
import { pingResult, NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';
import { runCommand, startServer, type TestServer } from '../support/server.js';

const EMAIL = 'owner@example.org';
const run = promisify(execFile);

/** What mongorestore needs: the documents, and the indexes in canonical extended JSON; read here by tar. */
async function expectLayoutOfMongodump(file: string): Promise<void> {
  const { stdout: names } = await run('tar', ['-tzf', file]);
  const files = names.trim().split('\n');
  expect([files[0], files.at(-1)]).toEqual(['pladmed-backup.json', 'pladmed-backup.end.json']);
  for (const name of ['users', 'probes', 'operations', 'assignments', 'results', 'ledger'])
    expect(files).toEqual(expect.arrayContaining([`pladmed/${name}.bson`, `pladmed/${name}.metadata.json`]));
  const { stdout: metadata } = await run('tar', ['-xzOf', file, 'pladmed/users.metadata.json']);
  const { indexes, collectionName, type, uuid } = JSON.parse(metadata) as Record<string, unknown>;
  expect({ collectionName, type }).toEqual({ collectionName: 'users', type: 'collection' });
  expect(uuid).toMatch(/^[0-9a-f]{32}$/);
  expect(indexes).toEqual(
    expect.arrayContaining([
      { v: { $numberInt: '2' }, key: { _id: { $numberInt: '1' } }, name: '_id_' },
      expect.objectContaining({ key: { email: { $numberInt: '1' } }, unique: true }),
    ]),
  );
}

/** Two platforms with embedded databases, each in a folder of its own; the second is restored from the first. */
describe('a backup', () => {
  let root: string;
  let file: string;
  let server: TestServer | undefined;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'pladmed-backup-'));
    file = join(root, 'platform.tar.gz');
    for (const name of ['first', 'second']) await mkdir(join(root, name));
  });
  afterAll(async () => {
    await server?.stop();
    await rm(root, { recursive: true, force: true });
  });

  const settings = (name: string) => ({ DATA_DIR: join(root, name), HOME: process.env['HOME'] ?? root });
  const start = async (name: string) => {
    server = await startServer(settings(name));
    return server;
  };
  const stop = async () => {
    expect(await server?.stop()).toBe(0);
    server = undefined;
  };
  const logIn = async ({ url }: TestServer) => {
    const api = new ApiClient(url);
    const { body } = await api.post<{ access_token: string }>('/api/v1/auth/login', {
      email: EMAIL,
      password: PASSWORD,
    });
    return api.as(body.access_token);
  };
  /** Everything that a user sees, but for what depends on the moment. */
  const seen = async (api: ApiClient, operation: string) => {
    const paths = ['users/me', 'probes', 'operations', `operations/${operation}/results?view=json`];
    const bodies = await Promise.all(paths.map(async (path) => (await api.get(`/api/v1/${path}`)).text));
    return bodies;
  };

  it('gives the same platform in an empty folder, whose probes are told what it knows', async () => {
    const first = await start('first');
    const made = await runCommand('superuser', ['create', EMAIL, PASSWORD], settings('first'));
    expect(made.code).toBe(0);
    const api = await logIn(first);
    const { body: me } = await api.get<{ id: string }>('/api/v1/users/me');
    await api.post(`/api/v1/users/${me.id}/credits`, { credits: 1_000_000 });
    const place = { location: { longitude: 1, latitude: 2 } };
    const { body: registered } = await api.post<Registered>('/api/v1/probes', place);
    const probe = await NativeProbe.connect(first.url, registered.token);
    const schedule = { type: 'interval', every_s: 1, stop: new Date(Date.now() + 600_000).toISOString() };
    const { body: operation } = await api.post<Operation>(
      '/api/v1/operations',
      pingOn([registered], { schedule }),
    );
    const began = Date.parse((operation.schedule as unknown as { start: string }).start);
    const run = (n: number) => pingResult(operation.id, new Date(began + n * 1000).toISOString());
    await probe.told(operation.id);
    await probe.results([run(0), run(1)]);

    await until('both runs to count', async () => {
      const shown = await api.get<Operation>(`/api/v1/operations/${operation.id}`);
      return shown.body.progress.received === 2;
    });

    // beside the running server
    const backup = await runCommand('backup', [file], settings('first'));
    expect(backup).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expectLayoutOfMongodump(file);
    const before = await seen(api, operation.id);
    // what the backup does not have: a run that is due between the two, and an operation
    const between = Math.max(2, Math.ceil((Date.now() - began) / 1000));
    await probe.results([run(between)]);
    const { body: lost } = await api.post<Operation>('/api/v1/operations', pingOn([registered]));
    await probe.told(lost.id);
    probe.close();
    await until('the run after the backup to be due', () => Date.now() > began + between * 1000);
    await stop();

    const restored = await runCommand('restore', [file], settings('second'));
    expect(restored).toMatchObject({ code: 0 });
    const second = await start('second');
    const again = await logIn(second);
    const withoutConnection = (text: string) =>
      text.replace(/"(connected|availability|connection|status|last_seen)":(\{[^}]*\}|[^,}]*),?/g, '');
    expect((await seen(again, operation.id)).map(withoutConnection)).toEqual(before.map(withoutConnection));

    // its token holds; what the platform does not know is dropped, what it still owes comes again
    const back = await NativeProbe.connect(second.url, registered.token);
    const { full, operations } = await back.firstSync();
    expect([full, operations.map(({ operation_id }) => operation_id)]).toEqual([true, [operation.id]]);
    const { items } = await back.results([run(0), run(300), pingResult(lost.id, run(0).scheduled_at)]);
    expect(items).toEqual([
      { status: 'duplicate' },
      { status: 'stored' },
      { status: 'refused', reason: 'not_assigned' },
    ]);
    const { body: coverage } = await again.get<{ due: number; fates: Record<string, number> }>(
      `/api/v1/operations/${operation.id}/coverage`,
    );
    expect(coverage.fates['received']).toBe(3);
    expect(coverage.fates['lost_in_restore']).toBeGreaterThanOrEqual(1);
    back.close();
    await stop();
  });

  it('is not overwritten, and does not overwrite a platform that is not empty unless told to', async () => {
    expect((await runCommand('backup', [file], settings('second'))).output).toContain('is there already');
    const refused = await runCommand('restore', [file], settings('second'));
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('not empty')]);
    expect(await runCommand('restore', [file, '--replace'], settings('second'))).toMatchObject({ code: 0 });
  });

  it('is not put under a server that runs', async () => {
    await start('second');
    const refused = await runCommand('restore', [file, '--replace'], settings('second'));
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('stop it first')]);
    await stop();
  });

  it.each([
    ['was cut', async (copy: string) => truncate(copy, (await stat(copy)).size - 20)],
    ['is something else', async (copy: string) => writeFile(copy, 'not a backup')],
    [
      'was damaged',
      async (copy: string) => {
        const bytes = await readFile(copy);
        const middle = Math.floor(bytes.length / 2);
        bytes.fill(0x55, middle, middle + 40);
        await writeFile(copy, bytes);
      },
    ],
  ])('that %s is refused before anything is changed', async (_what, damage) => {
    const copy = join(root, 'copy.tar.gz');
    await writeFile(copy, await readFile(file));
    await damage(copy);
    const refused = await runCommand('restore', [copy, '--replace'], settings('second'));
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('backup')]);
  });
});
