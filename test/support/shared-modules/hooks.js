/** How Node finds and reads modules of tests: TypeScript by swc, and names by jest's moduleNameMapper. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile } from './compiled.js';

/** Patterns and what they stand for: [RegExp, string][]. */
let mapped = [];
let globals = '';

export function initialize({ moduleNameMapper, globalsUrl }) {
  mapped = moduleNameMapper.map(([pattern, target]) => [new RegExp(pattern), target]);
  globals = globalsUrl;
}

export async function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: globals, format: 'module', shortCircuit: true };
  if (specifier.startsWith('.')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    const isTypeScript =
      context.parentURL?.includes('.ts') && url.pathname.endsWith('.ts') && existsSync(url);
    return isTypeScript ? { url: url.href, format: 'module', shortCircuit: true } : next(specifier, context);
  }
  for (const [pattern, target] of mapped)
    if (pattern.test(specifier)) {
      const path = specifier.replace(pattern, target);
      return { url: pathToFileURL(path).href, format: 'module', shortCircuit: true };
    }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!/\.ts(\?|$)/.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const source = await readFile(path, 'utf8');
  return { format: 'module', source: await compile(path, source), shortCircuit: true };
}
