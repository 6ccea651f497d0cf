/** TypeScript as JavaScript with decorators and their metadata, kept on disk by what the source is. */
import { transform, version } from '@swc/core';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const CACHE = new URL('../../../node_modules/.cache/pladmed-tests/modules/', import.meta.url).pathname;

/** Also what @swc/jest is told (jest.config.js). */
export const SWC = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
};
const MADE_BY = JSON.stringify([version, SWC]);

/** @returns where the JavaScript of a source is kept, without `.js` and `.map` */
export function placeOf(path, source) {
  return join(CACHE, createHash('sha1').update(MADE_BY).update(path).update(source).digest('hex'));
}

/** @returns JavaScript; its source map lies beside the kept one */
export async function compile(path, source) {
  const place = placeOf(path, source);
  const kept = await readFile(`${place}.js`, 'utf8').catch(() => undefined);
  if (kept !== undefined) return kept;
  const { code, map } = await transform(source, { ...SWC, filename: path, sourceMaps: true, swcrc: false });
  await mkdir(CACHE, { recursive: true });
  // the map first: who finds the code finds both
  await keep(`${place}.map`, map);
  await keep(`${place}.js`, code);
  return code;
}

async function keep(file, text) {
  const part = `${file}.${process.pid}`;
  await writeFile(part, text);
  await rename(part, file);
}
