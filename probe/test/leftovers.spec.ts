import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { runningIn } from '../src/programs/leftovers.js';
import { FakeServer } from './support/fake.server.js';
import { operation } from './support/operations.js';

// The probe is compiled and started: that takes a while on a busy machine.
jest.setTimeout(120_000);

const root = join(import.meta.dirname, '..', '..');
let server: FakeServer;
let folder: string;
let scamper: string;
let child: ChildProcess;

beforeEach(async () => {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', join(root, 'probe')]);
  server = await FakeServer.start();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'probe-left-')));
  // Measures for as long as it is let.
  scamper = join(folder, 'scamper');
  await writeFile(scamper, `#!${process.execPath}\nsetInterval(() => {}, 1000);\n`);
  await chmod(scamper, 0o755);
});
afterEach(async () => {
  child.kill('SIGKILL');
  for (const pid of await runningIn(join(folder, 'data'))) process.kill(pid, 'SIGKILL');
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function start(): void {
  child = spawn(process.execPath, [join(root, 'probe/dist/cli.js')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PLADMED_SERVER: server.url,
      PLADMED_TOKEN: 'a.b.c',
      PLADMED_DATA_DIR: join(folder, 'data'),
      PLADMED_ALLOW: '127.0.0.0/8',
      PLADMED_SCAMPER: scamper,
    },
    stdio: 'ignore',
  });
}

/** Programs of the probe, which say on their command line where they write. */
const measuring = async (): Promise<number[]> => runningIn(join(folder, 'data'));

test('what a killed probe was measuring is ended by the next start, and the run is reported', async () => {
  start();
  await server.assign(operation({ params: { ips: ['127.0.0.1'], probecount: 100 } }));
  const [left] = await until('it measures', async () => {
    const pids = await measuring();
    return pids.length > 0 && pids;
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await measuring()).toEqual([left]);

  start();
  await server.until(() => server.failures.size === 1);
  expect(await measuring()).toEqual([]);
  expect([...server.failures.values()]).toMatchObject([
    { reason: 'missed', detail: 'the probe died during the run' },
  ]);
});

test('what another probe of this machine measures goes on', async () => {
  const other = spawn(scamper, ['-o', join(`${folder}/data-of-another`, 'warts')], { stdio: 'ignore' });
  try {
    start();
    await server.until(() => server.connected);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});
