// The JavaScript that a browser needs before it shows the first page may have 250 KB, compressed.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const LIMIT = 250 * 1024;
const DIST = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', DIST), 'utf8'));

/** @returns the files that a chunk brings with it */
function needed(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const other of manifest[name].imports ?? []) needed(other, seen);
  return seen;
}

const pages = Object.keys(manifest).filter((name) => name.startsWith('src/pages/'));
const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
const sizes = await Promise.all(
  pages.map(async (page) => {
    const files = new Set([...needed(entry), ...needed(page)].map((name) => manifest[name].file));
    const scripts = await Promise.all([...files].map((file) => readFile(new URL(file, DIST))));
    return { page, bytes: scripts.reduce((sum, script) => sum + gzipSync(script).length, 0) };
  }),
);
const largest = sizes.sort((a, b) => b.bytes - a.bytes)[0];
if (largest === undefined) throw new Error('the build has no pages');
console.log(
  `web: the largest first load is ${largest.page}, ${Math.ceil(largest.bytes / 1024)} KB of compressed JavaScript`,
);
if (largest.bytes > LIMIT) {
  console.error(`web: more than ${LIMIT / 1024} KB: load what is not needed at once with import()`);
  process.exit(1);
}
