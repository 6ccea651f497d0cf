/**
 * Joins what the tests load again and again into a few files, because to find and link thousands takes longer than to run them:
 * the built server and its commands, which the tests start some hundred times, and the packages, which jest loads anew for each file.
 */
import { build } from 'esbuild';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;
const CACHE = join(ROOT, 'node_modules/.cache/pladmed-tests');
const OWN = 'test/support/bundles.js';
const DAY_MS = 86_400_000;

const COMMANDS = ['main', 'cli/superuser', 'cli/backup', 'cli/restore'];
const BUILDS = ['dist', 'warts/dist', 'sntp/dist', 'protocol/dist'];

/** CommonJS: imported as a namespace, as Nest does, it has the names that node gives it. */
const COMMON_JS = [
  ...['class-validator', 'express', 'helmet', 'ioredis', 'mongoose', 'prom-client', 'rate-limiter-flexible'],
  ...['rxjs', 'socket.io'],
];
const PACKAGES = [
  ...['@nestjs/common', '@nestjs/core', '@nestjs/jwt', '@nestjs/mongoose', '@nestjs/platform-express'],
  ...['@nestjs/platform-socket.io', '@nestjs/swagger', '@nestjs/testing', '@nestjs/websockets'],
  ...['js-yaml', 'lru-cache', 'socket.io-client', 'zod', ...COMMON_JS],
];
/** They start files of their own, hold a compiled addon, are asked for by `require`, or are installed nowhere. */
const LEFT_OUT = [
  ...['bcrypt', 'pino', 'pino-http', 'pino-roll', 'class-transformer'],
  ...['reflect-metadata', '@nestjs/microservices', '@nestjs/platform-fastify', '@fastify/*'],
];

/** @returns the folder with main.js and cli/, made of the build as it is now */
export function bundleServer() {
  const entries = COMMANDS.map((command) => ({ in: join(ROOT, `dist/${command}.js`), out: command }));
  return bundle('server', entries, BUILDS);
}

/** @returns the file with the command `pladmed`, made of its sources as they are now */
export async function bundleCommand() {
  await import('../../cli/scripts/generate.mjs');
  return join(
    await bundle('command', [{ in: join(ROOT, 'cli/src/main.ts'), out: 'main' }], ['cli/src']),
    'main.js',
  );
}

/** @returns for jest's moduleNameMapper: a pattern for each package, and its file */
export async function bundlePackages() {
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const used = PACKAGES.filter((name) => name in dependencies || name in devDependencies);
  const file = (name) => name.replace('/', '__');
  const entries = used.map((name) => ({ in: name, out: file(name) }));
  const folder = await bundle('packages', entries, ['package.json']);
  return Object.fromEntries(used.map((name) => [`^${name}$`, join(folder, `${file(name)}.js`)]));
}

/** @returns a folder that is never written to again: another run may use it, or make the same one now */
async function bundle(name, entryPoints, inputs) {
  const times = await Promise.all([...inputs, 'package-lock.json', OWN].map(newest));
  const folder = join(CACHE, `${name}-${Math.max(...times).toString(36)}`);
  if (await isThere(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const part = await mkdtemp(join(CACHE, 'part-'));
  await build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: part,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    external: LEFT_OUT,
    plugins: [asNodeDoes],
    banner: {
      js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);",
    },
    logLevel: 'error',
  });
  await rename(part, folder).catch(async (error) => {
    await rm(part, { recursive: true, force: true });
    if (!(await isThere(folder))) throw error;
  });
  await removeOld();
  return folder;
}

const asNodeDoes = {
  name: 'as-node-does',
  setup({ onResolve, onLoad }) {
    // its functions travel to browsers as text: as they are
    onResolve({ filter: /\/explorer\.js$/ }, ({ path, resolveDir }) =>
      path.startsWith('.') ? { path: join(resolveDir, path), external: true } : undefined,
    );
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      COMMON_JS.includes(path) && kind !== 'require-call' && kind !== 'require-resolve'
        ? { path, namespace: 'named' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'named' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
      const members = names.filter((name) => name !== 'default');
      return {
        contents: [
          `const whole = require('${path}'); export default whole;`,
          ...members.map((name, n) => `const m${n} = whole.${name}; export { m${n} as ${name} };`),
        ].join('\n'),
        resolveDir: ROOT,
      };
    });
  },
};

async function removeOld() {
  for (const name of await readdir(CACHE)) {
    const { mtimeMs } = await stat(join(CACHE, name));
    if (mtimeMs < Date.now() - DAY_MS) await rm(join(CACHE, name), { recursive: true, force: true });
  }
}

function isThere(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** @returns when the youngest file in a folder was written */
async function newest(path) {
  const whole = join(ROOT, path);
  const found = await stat(whole);
  if (!found.isDirectory()) return found.mtimeMs;
  const inside = await Promise.all((await readdir(whole)).map((name) => newest(join(path, name))));
  return Math.max(0, ...inside);
}
