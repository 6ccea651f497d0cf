import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readSettings, type SettingName, VARIABLES } from '../src/config/config.js';

const root = join(import.meta.dirname, '..', '..');

/** A text for each setting, and what it is read as. */
const GIVEN: Record<SettingName, [text: string, read: unknown]> = {
  server: ['https://pladmed.example', 'https://pladmed.example'],
  token: ['aaa.bbb.ccc', 'aaa.bbb.ccc'],
  dataDir: ['/nonexistent/data', '/nonexistent/data'],
  allow: ['10.0.0.0/8', ['10.0.0.0/8']],
  deny: ['192.0.2.1', ['192.0.2.1']],
  only: ['2001:db8::/32', ['2001:db8::/32']],
  allowPrivate: ['1', true],
  denyKinds: ['ping,http', ['ping', 'http']],
  onlyKinds: ['dns', ['dns']],
  rate: ['ping=60/min', ['ping=60/min']],
  concurrentRuns: ['3', 3],
  packetsPerSecond: ['50', 50],
  mibPerDay: ['10', 10],
  runSeconds: ['30', 30],
  storeMib: ['7', 7],
  totalCredits: ['5', 5],
  scamper: ['/opt/scamper', '/opt/scamper'],
  ntpServer: ['time.example', 'time.example'],
  ntpPort: ['1123', 1123],
  logLevel: ['debug', 'debug'],
};

// Each command is a process, and some checks wait for what does not come: a busy machine takes its time.
jest.setTimeout(120_000);

describe('the command line', () => {
  let folder: string;

  beforeAll(() => {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      join(root, 'probe'),
    ]);
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probe-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function probe(args: string[], env: Record<string, string> = {}): { code: number | null; text: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'probe/dist/cli.js'), ...args],
      {
        env: { PATH: process.env['PATH'] ?? '', PLADMED_DATA_DIR: folder, ...env },
        encoding: 'utf8',
      },
    );
    return { code: status, text: stdout + stderr };
  }

  test('join keeps the token where only the owner reads it, and says it nowhere', async () => {
    const token = 'aaa.bbb.ccc';
    const joined = probe(['join', '--server', 'https://pladmed.example', '--allow', '10.0.0.0/8'], {
      PLADMED_TOKEN: token,
    });
    expect(joined).toMatchObject({ code: 0 });
    expect(joined.text).not.toContain(token);
    const path = join(folder, 'config.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      server: 'https://pladmed.example',
      token,
      allow: ['10.0.0.0/8'],
    });
    expect(probe(['policy', 'show']).text).toContain('allow       10.0.0.0/8');
    expect(probe(['policy', 'deny', '10.9.0.0/16']).code).toBe(0);
    expect(probe(['policy']).text).toContain('deny        10.9.0.0/16');
    expect(probe(['status'])).toEqual({ code: 1, text: 'No probe has run with this data folder.\n' });
  });

  test.each([
    [[], 'server'],
    [['--server', 'ftp://x'], '--server (or PLADMED_SERVER) is missing or wrong'],
    [['--server', 'http://x'], '--token (or PLADMED_TOKEN) is missing or wrong'],
    [['--server', 'http://x', '--token', 't', '--allow', 'nonsense'], 'nonsense is no network'],
    [['--server', 'http://x', '--token', 't', '--deny-kinds', 'xyz'], 'There is no kind xyz'],
    [['--server', 'http://x', '--token-file', '/nonexistent'], 'The token file /nonexistent cannot be read'],
  ])('%j: one sentence', (args, sentence) => {
    const { code, text } = probe(args);
    expect(code).toBe(1);
    expect(text).toContain(sentence);
    expect(text.trim().split('\n')).toHaveLength(1);
  });

  test('every setting is an option, a variable and a line in the page for hosts', async () => {
    const help = probe(['run', '--help']).text;
    const page = await readFile(join(root, 'docs/probe.md'), 'utf8');
    for (const [name, variable] of Object.entries(VARIABLES)) {
      const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      expect(help).toMatch(new RegExp(`${option}[ \n]`));
      expect([option, page.includes(`\`${option}\``)]).toEqual([option, true]);
      expect([variable, page.includes(variable)]).toEqual([variable, true]);
    }
  });

  test.each(Object.entries(GIVEN))('%s may be a variable as well as an option', (name, [value, read]) => {
    const option = name as SettingName;
    const base = { server: 'http://x', token: 't', dataDir: folder };
    const byOption = readSettings({ ...base, [option]: value }, {});
    const byVariable = readSettings({ ...base, [option]: undefined }, { [VARIABLES[option]]: value });
    expect(byOption[option]).toEqual(read);
    expect(byVariable[option]).toEqual(read);
  });

  test('every setting is among those tried', () => {
    expect(Object.keys(GIVEN).sort()).toEqual(Object.keys(VARIABLES).sort());
  });
});
