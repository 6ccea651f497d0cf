import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decode, jsonLines } from '../src/index.js';

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

  it.each([
    [['other'], 'no command other'],
    [[], 'no command'],
    [['filter', '--type', 'pong'], '--type pong: some of trace,ping'],
    [['filter', '--dst', '10.0.0.0/33'], '--dst 10.0.0.0/33: an address or a prefix'],
    [['json', '--dialect', '1999'], '--dialect 1999: one of 20211212, 2026'],
    [['csv', '--type', 'ping'], "Unknown option '--type'"],
  ])('says what would make sense: %j', (args, message) => {
    const { status, stdout, stderr } = run(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`warts: ${message}`);
    expect(stderr).toContain('usage: warts COMMAND');
  });

  it('explains its use', () => {
    expect(run(['--help'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('prints figures as JSON and as a table', () => {
    const summary = JSON.parse(run(['summary', PING]).stdout) as { sent: number; rtt_median_ms: number };
    expect(summary).toMatchObject({ type: 'ping', sent: 51 });
    const [head, row, ...more] = run(['csv', PING]).stdout.trimEnd().split('\n');
    expect(more).toEqual([]);
    const cells = Object.fromEntries(head!.split(',').map((key, i) => [key, row!.split(',')[i]]));
    expect(cells).toMatchObject({ type: 'ping', sent: '51', median_ms: String(summary.rtt_median_ms) });
  });

  it('counts records and their bytes', () => {
    const size = readFileSync(PING).length + readFileSync(TRACE).length;
    const { stdout } = run(['stats', PING, TRACE]);
    expect(stdout).toMatch(/^ping\t1\t\d+$/m);
    expect(stdout).toMatch(new RegExp(`^total\\t\\d+\\t${size}$`, 'm'));
  });

  const raw = (args: readonly string[]): Buffer =>
    execFileSync(process.execPath, [CLI, ...args], { maxBuffer: 1 << 28 });

  it('joins files, with numbers of lists and cycles that go on', () => {
    const joined = raw(['cat', PING, TRACE]);
    expect(jsonLines(joined)).toEqual({
      lines: [...jsonLines(readFileSync(PING)).lines, ...jsonLines(readFileSync(TRACE)).lines],
    });
    // A single file comes out as it was.
    expect(raw(['cat', PING])).toEqual(readFileSync(PING));
  });

  it('keeps the records that are wanted', () => {
    const types = (args: readonly string[]): string[] =>
      decode(raw(args))
        .records.map(({ type }) => type)
        .filter((type) => type === 'ping' || type === 'trace');
    expect(types(['filter', '--type', 'trace', PING, TRACE])).toEqual(['trace']);
    expect(types(['filter', '--dst', '10.9.2.0/24', PING])).toEqual(['ping']);
    expect(types(['filter', '--dst', '10.9.3.0/24', PING])).toEqual([]);
    expect(types(['filter', PING, TRACE])).toEqual(['ping', 'trace']);
  });

  describe.each(['gzip', 'bzip2', 'xz', 'zstd'])('with input packed by %s', (packer) => {
    const isThere = spawnSync(packer, ['--version'], { input: '' }).error === undefined;
    const check = isThere ? it : it.skip;
    const pack = (bytes: Uint8Array): Buffer =>
      execFileSync(packer, ['-c'], { input: bytes, maxBuffer: 1 << 28 });

    check('reads one member or several', () => {
      const [ping, rest] = [readFileSync(PING).subarray(0, 50), readFileSync(PING).subarray(50)];
      expect(run(['json'], pack(readFileSync(PING))).stdout).toBe(expected(PING));
      expect(run(['json'], Buffer.concat([pack(ping), pack(rest)])).stdout).toBe(expected(PING));
    });

    check('says in one line that it is damaged', () => {
      const packed = pack(readFileSync(PING));
      const lying = Buffer.from(packed);
      lying.fill(0xa5, lying.length >> 1, (lying.length >> 1) + 20);
      for (const damaged of [packed.subarray(0, packed.length >> 1), lying]) {
        const { status, stderr } = run(['json'], damaged);
        expect([status, stderr.trim().split('\n').length]).toEqual([1, 1]);
      }
      expect(run(['json'], packed.subarray(0, -3)).status).toBe(1);
    });

    check(
      'does not keep what it unpacks to',
      () => {
        // 300 MB of records of a type that is skipped.
        const record = Buffer.alloc(1 << 20);
        record.writeUInt32BE(0x12050063, 0);
        record.writeUInt32BE(record.length - 8, 4);
        const packed = pack(Buffer.concat(Array.from({ length: 20 }, () => record)));
        const many = Buffer.concat(Array.from({ length: 15 }, () => packed));
        // proc(5): VmHWM is of the program alone; maxRSS is at least what its parent had when it was started
        const script = `import { readFileSync } from 'node:fs';
          const peak = () => /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
          process.on('exit', () => process.stderr.write(peak()));`;
        const { status, stderr } = spawnSync(
          process.execPath,
          ['--import', `data:text/javascript,${encodeURIComponent(script)}`, CLI, 'json'],
          { input: many, encoding: 'utf8', timeout: 120_000 },
        );
        expect(status).toBe(0);
        // Kilobytes; all of it at once would be 300 MB more.
        expect(Number(stderr)).toBeGreaterThan(30_000);
        expect(Number(stderr)).toBeLessThan(220_000);
      },
      150_000,
    );
  });
});
