import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Account, ApiWorld } from '../support/api-world.js';
import { dnsResult, failedRun } from '../support/native-probe.js';

/** `make pandas` puts it there: too much to be fetched by every run of the tests. */
const PYTHON = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pladmed/pandas/bin/python');
const isThere = existsSync(PYTHON);
if (!isThere) console.warn('no pandas looks at results: `make pandas` fetches it');

/** The code of docs/operations.md, then what it gave, as JSON. */
const DOCUMENTED = /## Results in pandas\n\n```python\n(.*?)```/s.exec(
  readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8'),
)?.[1];
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

  it('are read the same where no run is known', () => {
    const { dtypes, missing } = inPandas(lines.map(withoutTimes).join('\n'));
    expect([missing, dtypes['scheduled_at']]).toEqual([3, expect.stringMatching(/^datetime64/)]);
  });
});
