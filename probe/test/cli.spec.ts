import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');

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
});
