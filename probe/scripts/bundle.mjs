/**
 * Before and after `npm pack`: the packages sntp, protocol and warts are in this repository and in no registry, so the probe's
 * tarball carries them (bundleDependencies). npm leaves out what is linked from a workspace; so copies lie in the probe's own node_modules.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const probe = new URL('../', import.meta.url);
const copy = new URL('node_modules/@pladmed/', probe);

rmSync(copy, { recursive: true, force: true });
if (!process.argv.includes('--undo')) {
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', probe));
  // Without the compiler what is built already is packed.
  if (existsSync(tsc))
    execFileSync(process.execPath, [tsc, '-b', fileURLToPath(probe)], { stdio: 'inherit' });
  for (const name of ['sntp/', 'protocol/', 'warts/']) {
    const source = new URL(`../${name}`, probe);
    const target = new URL(name, copy);
    mkdirSync(target, { recursive: true });
    cpSync(new URL('dist', source), new URL('dist', target), {
      recursive: true,
      filter: (path) => !path.endsWith('.tsbuildinfo'),
    });
    // npm leaves out what `files` does not name: for warts that is what its own packing leaves, a few files made of all
    const manifest = JSON.parse(readFileSync(new URL('package.json', source), 'utf8'));
    manifest.files = ['dist'];
    delete manifest.scripts;
    // they are the probe's own as well; `npm install -g` of a tarball takes what a bundled package names for bundled, and fetches none of it
    delete manifest.dependencies;
    writeFileSync(new URL('package.json', target), JSON.stringify(manifest, null, 2));
  }
}
