/** The package as npm packs it, unpacked where imports find it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
export const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

export interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
  /** Where it is installed. */
  folder: string;
}

/** @param folder gets the tarball, and the package in its `node_modules` */
export function packWarts(folder: string): Packed {
  execFileSync(process.execPath, [TSC, '-b', join(ROOT, 'warts')]);
  // Of a copy, for packing puts bundles in the place of the build.
  const copy = join(folder, 'copy');
  for (const name of ['dist', 'package.json', 'README.md']) {
    cpSync(join(ROOT, 'warts', name), join(copy, name), { recursive: true });
  }
  const text = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = JSON.parse(text.slice(text.indexOf('[\n'))) as [Omit<Packed, 'folder'>];
  const installed = join(folder, 'node_modules/@pladmed/warts');
  mkdirSync(installed, { recursive: true });
  const name = packed.filename.replace('@', '').replace('/', '-');
  execFileSync('tar', ['xzf', join(folder, name), '-C', installed, '--strip-components', '1']);
  return { ...packed, folder: installed };
}
