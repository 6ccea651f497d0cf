import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, ApiWorld } from '../support/api-world.js';
import { dnsResult, failedRun, pingResult } from '../support/native-probe.js';

/** `make pandas` puts it there: too much to be fetched by every run of the tests. */
const PYTHON = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pladmed/pandas/bin/python');
const isThere = existsSync(PYTHON);
if (!isThere) console.warn('no pandas looks at results: `make pandas` fetches it');

const document = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** The code of docs/operations.md, then what it gave, as JSON. */
const DOCUMENTED = /## Results in pandas\n\n```python\n(.*?)```/s.exec(document('operations.md'))?.[1];
const PROGRAM = `import sys, json
file = sys.stdin
${DOCUMENTED ?? 'raise SystemExit("docs/operations.md has no code")'}
late = (results.started_corrected_at - results.started_at).dt.total_seconds()
print(json.dumps({
    "dtypes": {name: str(of) for name, of in results.dtypes.items()},
    "rows": len(results), "ids": results.id.tolist(), "late_s": late.round(3).fillna(-1).tolist(),
    "trusted": results.clock_trusted.tolist(), "missing": int(results.scheduled_at.isna().sum()),
}))`;

interface Seen {
  dtypes: Record<string, string>;
  rows: number;
  ids: string[];
  late_s: number[];
  trusted: boolean[];
  missing: number;
}

function inPandas(ndjson: string): Seen {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', PROGRAM], { input: ndjson, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Seen;
}

(isThere ? describe : describe.skip)('results in pandas, read as the documents say', () => {
  let world: ApiWorld;
  let user: Account;
  let lines: string[];

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(10_000);
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const stop = new Date(Date.now() + 3_600_000).toISOString();
    const operation = await world.operation(user, [registered], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: { type: 'interval', every_s: 60, stop },
    });
    await probe.told(operation.id);
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    await probe.results([
      dnsResult(operation.id, at(0), { clock: { offset_ms: 1500, error_ms: 1, source: 'ntp', age_s: 1 } }),
      dnsResult(operation.id, at(1), {
        clock: { offset_ms: null, error_ms: null, source: 'none', age_s: null },
      }),
    ]);
    await probe.failed([failedRun(operation.id, at(2))]);
    const headers = { accept: 'application/x-ndjson', authorization: `Bearer ${user.api.token ?? ''}` };
    const answer = await fetch(`${world.server.url}/api/v1/operations/${operation.id}/results`, { headers });
    lines = (await answer.text()).trim().split('\n');
  });
  afterAll(() => world.stop());

  /** As a classic probe's: nothing is known of its run but its arrival. */
  const withoutTimes = (line: string) =>
    JSON.stringify({
      ...(JSON.parse(line) as object),
      ...{ scheduled_at: null, started_at: null, started_corrected_at: null, clock: null },
    });

  it('have one type in each column: times are times, truths are truths, ids are text', () => {
    const { dtypes, rows, late_s, trusted } = inPandas(lines.join('\n'));
    expect(rows).toBe(3);
    for (const time of ['received_at', 'scheduled_at', 'started_at', 'started_corrected_at'])
      expect([time, dtypes[time]]).toEqual([time, expect.stringMatching(/^datetime64\[.*, UTC\]$/)]);
    for (const truth of ['counted', 'off_schedule', 'clock_trusted'])
      expect([truth, dtypes[truth]]).toEqual([truth, 'bool']);
    expect(dtypes['raw_bytes']).toBe('int64');
    expect(late_s).toEqual([1.5, -1, -1]);
    expect(trusted).toEqual([false, false, true]);
  });

  it('keep ids without letters as they are', () => {
    const digits = '672000000000000000000001';
    const numbered = lines.map((line) => line.replace(/"id":"[0-9a-f]{24}"/, `"id":"${digits}"`));
    expect(inPandas(numbered.join('\n')).ids).toEqual([digits, digits, digits]);
  });

  it('become a plot, by the code of the tutorial', async () => {
    const [, code = ''] = /```python\n(.*?)```/s.exec(document('tutorial.md')) ?? [];
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(25);
    const probe = await world.probe(user);
    const fake = await world.connect(probe);
    const stop = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await world.operation(user, [probe], {
      schedule: { type: 'interval', every_s: 60, stop },
    });
    await fake.told(id);
    const runs = Array.from({ length: 5 }, (_, n) => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString());
    await fake.results(runs.map((run) => pingResult(id, run)));
    await fake.failed([failedRun(id, new Date(Date.UTC(2026, 0, 1, 1)).toISOString())]);
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-tutorial-'));
    const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', code], {
      cwd: folder,
      env: {
        ...{ PLADMED_SERVER: world.server.url, PLADMED_TOKEN: user.api.token ?? '', OPERATION: id },
        ...{ HOME: folder, MPLCONFIGDIR: folder },
      },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/Error|Warning/) });
    expect(stdout).toMatch(/sent +received +rtt_min_ms/);
    // PNG (RFC 2083): what it begins with, and the width of 10 inches at 100 dpi
    const plot = await readFile(join(folder, 'rtt.png'));
    expect([plot.subarray(1, 4).toString(), plot.readUInt32BE(16)]).toEqual(['PNG', 1000]);
    await rm(folder, { recursive: true });
  });

  it('are read the same where no run is known', () => {
    const { dtypes, missing } = inPandas(lines.map(withoutTimes).join('\n'));
    expect([missing, dtypes['scheduled_at']]).toEqual([3, expect.stringMatching(/^datetime64/)]);
  });
});
