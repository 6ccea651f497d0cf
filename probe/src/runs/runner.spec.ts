import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeDns } from '../../test/support/fake.dns.js';
import { known } from '../../test/support/run.context.js';
import { operation } from '../../test/support/operations.js';
import { systemClock } from '../clock/clock.js';
import { Authorities, NODES_OWN } from '../host/authorities.js';
import { ClockEstimator } from '../clock/estimate.js';
import { PacketPacer } from '../limits/packets.js';
import { Usage } from '../limits/usage.js';
import { createLog } from '../platform/log.js';
import { LiveRules, rulesOf } from '../policy/rules.js';
import { RunJournal } from '../store/run-journal.js';
import { ResultStore } from '../store/result.store.js';
import { Runner } from './runner.js';

const RULES = {
  allow: ['127.0.0.0/8'],
  deny: [],
  allowPrivate: false,
  denyKinds: [],
  rate: [],
  concurrentRuns: 1,
  packetsPerSecond: 1000,
  runSeconds: 60,
  mibPerDay: 0,
};

let folder: string;
let resolver: FakeDns;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runner-'));
  resolver = await FakeDns.start();
});
afterEach(async () => {
  await resolver.close();
  await rm(folder, { recursive: true, force: true });
});

test('a result that is stored is no failure when the disk has no room for the note of it', async () => {
  const clock = systemClock();
  const runJournal = await RunJournal.open(folder);
  const results = await ResultStore.open(folder, 1024 * 1024);
  const rules = new LiveRules(rulesOf(RULES));
  const limits = () => rules.current.limits;
  const settled = new Promise<void>((resolve) => {
    const runner = new Runner({
      clock,
      estimator: new ClockEstimator(clock),
      runJournal,
      results,
      rules,
      packets: new PacketPacer(clock, limits),
      usage: new Usage(clock, runJournal, limits),
      resolve: known(() => Promise.resolve([])),
      scamper: 'none',
      authorities: new Authorities(NODES_OWN),
      log: createLog('silent'),
      onSettled: resolve,
    });
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const lookUp = operation({ kind: 'dns', params });
    runJournal.finished = () => Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    runner.begin(lookUp, Date.now());
  });
  await settled;
  expect(results.count).toBe(1);
  expect(runJournal.gapCount).toBe(0);
  await runJournal.close();
});
