import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decode } from '../src/index.js';
import { packWarts, TSC, type Packed } from './support/pack.js';

const folder = mkdtempSync(join(tmpdir(), 'warts-package-'));
let packed: Packed;

beforeAll(() => {
  packed = packWarts(folder);
}, 180_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the packed package', () => {
  it('is small, and holds the build and nothing else', () => {
    expect(packed.size).toBeLessThan(62_000);
    for (const { path } of packed.files) {
      expect(path).toMatch(/^(package\.json|README\.md|dist\/.*\.(js|d\.ts))$/);
    }
  });

  it('runs nothing when it is installed, and needs nothing', () => {
    const manifest = JSON.parse(readFileSync(join(packed.folder, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      dependencies?: unknown;
      type: string;
    };
    expect(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.type).toBe('module');
  });

  it('is found with its types', () => {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(folder, 'use.ts'),
      `import { decode, encode, summarize, type PingRecord } from '@pladmed/warts';
       const { records } = decode(new Uint8Array(0));
       for (const record of records) if (record.type === 'ping') { const loss: number | null = summarize(record).loss; void loss; }
       import { unpackerOf } from '@pladmed/warts/unpack';
       export const packed: boolean = unpackerOf(new Uint8Array(6)) !== undefined;
       export const use = (ping: PingRecord): Uint8Array => encode([ping]);
       // @ts-expect-error a ping has no hops
       export const hops = (ping: PingRecord): unknown => ping.hops;`,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--module',
      'nodenext',
      '--skipLibCheck',
      'false',
    ];
    execFileSync(process.execPath, [TSC, ...options, 'use.ts'], {
      cwd: folder,
      stdio: 'pipe',
    });
  }, 120_000);

  it('runs', () => {
    const text = execFileSync(process.execPath, [join(packed.folder, 'dist/cli.js'), '--help'], {
      encoding: 'utf8',
    });
    expect(text).toContain('usage: warts');
  });

  it('plots a file in the twenty lines of its README', () => {
    const code = /```js\n(.*?)```/s.exec(readFileSync(join(packed.folder, 'README.md'), 'utf8'))?.[1] ?? '';
    expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    const ping = join(import.meta.dirname, 'fixtures/100-ping-c-51.warts');
    copyFileSync(ping, join(folder, 'result.warts'));
    writeFileSync(join(folder, 'plot.mjs'), code);
    execFileSync(process.execPath, ['plot.mjs'], { cwd: folder });
    const plot = readFileSync(join(folder, 'rtt.svg'), 'utf8');
    const replies = decode(readFileSync(ping)).records.flatMap((record) =>
      record.type === 'ping' ? record.replies : [],
    );
    expect(plot.match(/<circle /g)).toHaveLength(replies.length);
    expect(plot).not.toContain('NaN');
  });
});
