import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'probe/package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  bundleDependencies: string[];
};

describe('the package', () => {
  let folder: string;

  beforeAll(async () => {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      join(root, 'probe'),
    ]);
    folder = await mkdtemp(join(tmpdir(), 'probe-package-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('carries what is in no registry, and runs without the repository', async () => {
    // Packed elsewhere: other tests run the probe of this folder meanwhile.
    const checkout = join(folder, 'checkout');
    for (const path of [
      'probe/package.json',
      'probe/dist',
      'probe/scripts',
      'sntp/package.json',
      'sntp/dist',
      'protocol/package.json',
      'protocol/dist',
      'warts/package.json',
      'warts/dist',
    ])
      await cp(join(root, path), join(checkout, path), { recursive: true });
    execFileSync('npm', ['pack', '--pack-destination', folder], {
      cwd: join(checkout, 'probe'),
      stdio: 'ignore',
    });
    await rm(checkout, { recursive: true });
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
    execFileSync('tar', ['-xzf', join(folder, tarball ?? ''), '-C', folder]);
    // npm gets the others from its registry.
    for (const name of Object.keys(manifest.dependencies).filter(
      (each) => !manifest.bundleDependencies.includes(each),
    )) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(root, 'node_modules', name), link);
    }
    const help = execFileSync(process.execPath, [join(folder, 'package/dist/cli.js'), '--help'], {
      encoding: 'utf8',
    });
    expect(help).toContain('Usage: pladmed-probe');
  });

  test('names every package of this repository that it uses as one to carry', () => {
    const own = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@pladmed/'));
    expect(manifest.bundleDependencies).toEqual(own);
  });
});
