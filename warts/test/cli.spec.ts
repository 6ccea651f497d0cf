import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jsonLines } from '../src/index.js';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'warts/dist/cli.js');
const PING = join(import.meta.dirname, 'fixtures/100-ping-c-51.warts');
const PACKAGE = join(ROOT, 'warts/package.json');
const TRACE = join(import.meta.dirname, 'fixtures/101-trace-last-ditch.warts');

const folder = mkdtempSync(join(tmpdir(), 'warts-cli-'));

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', join(ROOT, 'warts')]);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(
  args: readonly string[],
  input?: Uint8Array,
  env: NodeJS.ProcessEnv = {},
): SpawnSyncReturns<string> {
  const options = { input: input ?? new Uint8Array(0), env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
  return spawnSync(process.execPath, [CLI, ...args], { ...options, encoding: 'utf8', timeout: 20_000 });
}

const expected = (name: string): string =>
  jsonLines(readFileSync(name))
    .lines.map((line) => line + '\n')
    .join('');

describe('the command', () => {
  it('prints the JSON of another version', () => {
    const { stdout, status } = run(['json', '--dialect', '2026', PING]);
    expect([stdout, status]).toEqual([
      jsonLines(readFileSync(PING), {}, '2026')
        .lines.map((line) => line + '\n')
        .join(''),
      0,
    ]);
    expect(run(['json', '--dialect', '20211212', PING]).stdout).toBe(expected(PING));
    expect(run(['json', '--dialect', '1999', PING]).status).toBe(2);
    expect(run(['dump', '--dialect', '2026', PING]).status).toBe(2);
  });

  it.each([[['json', '-']], [['json']]])('reads standard input: %s', (args) => {
    expect(run(args, readFileSync(PING)).stdout).toBe(expected(PING));
  });

  it('reads files one after the other, each with numbers of its own', () => {
    const { stdout, status } = run(['json', PING, TRACE]);
    expect([stdout, status]).toEqual([expected(PING) + expected(TRACE), 0]);
  });

  it('recognises gzip by its first bytes', () => {
    expect(run(['json'], gzipSync(readFileSync(PING))).stdout).toBe(expected(PING));
  });

  it('says in one line what is damaged, after what came before it, and exits with 1', () => {
    const { stdout, stderr, status } = run(['json', '-'], readFileSync(PING).subarray(0, -3));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^-: [^\n]*record 3[^\n]*\n$/);
    expect(stdout).toContain('"type":"ping"');
  });

  it.each(['/nowhere.warts', PACKAGE])('cannot open %s', (name) => {
    const { stdout, stderr, status } = run(['dump', name]);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toMatch(/^(#.*\n)*# unable to open .*\n$/);
  });

  it('says so of damaged gzip data too', () => {
    const { stderr, status } = run(['json'], gzipSync(readFileSync(PING)).subarray(0, 100));
    expect([status, stderr.trim().split('\n').length]).toEqual([1, 1]);
  });

  it('writes local times in the zone that TZ names', () => {
    expect(run(['json', TRACE], undefined, { TZ: 'Asia/Kathmandu' }).stdout).toContain(
      '"ftime":"2026-11-21 11:24:39"',
    );
  });

  it('needs little memory for what unpacks to much', () => {
    const name = join(folder, 'bomb.gz');
    writeFileSync(name, gzipSync(new Uint8Array(200 * 1024 * 1024)));
    expect(run(['json', name]).status).toBe(1);
  });

  it('ends quietly when its reader goes away', () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${CLI}" json "${PING}" | true`],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
  });

  it('explains its use', () => {
    expect(run(['other'])).toMatchObject({ status: 2, stdout: '' });
  });
});
