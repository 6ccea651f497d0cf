/**
 * Joins what the tests load again and again into a few files, because to find and link thousands takes longer than to run them:
 * the built server and its commands, which the tests start some hundred times, and the packages, which jest loads anew for each file.
 */
import { build, transform } from 'esbuild';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;
const CACHE = join(ROOT, 'node_modules/.cache/pladmed-tests');
const LOADER = 'test/support/bundle-loader.cjs';
const HOST = 'test/support/server-host.cjs';
const OWN = ['test/support/bundles.js', LOADER, HOST];
const BUNDLE = 'bundle.js';
const DAY_MS = 86_400_000;

const COMMANDS = ['main', 'cli/superuser', 'cli/rollups', 'cli/backup', 'cli/restore'];
/** What server-host.cjs makes servers of. */
const PARTS = [
  ...['boot', 'shutdown', 'config/env', 'platform/logging/logger'],
  'platform/embedded-mongod/provide-database',
];
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
  ...['reflect-metadata', '@nestjs/microservices', '@nestjs/platform-fastify', '@fastify/*', 'protobufjs'],
];
/** Nest asks for them past esbuild: the loader of the server's bundle gives it those of the bundle, not a second one. */
const ASKED_FOR = ['class-transformer', 'class-transformer/cjs/storage', 'class-validator'];

/**
 * One script with all that the server and its commands are. server-code-cache.js keeps beside it what V8 made of it: to compile it
 * takes as long as all else that a server does until it is ready.
 * @returns the folder with main.js and cli/, made of the build as it is now
 */
export function bundleServer() {
  return inFolder('server', BUILDS, async (folder) => {
    const imports = COMMANDS.map((command) => `'${command}': () => import('./dist/${command}.js'),`);
    const packages = ASKED_FOR.map((name) => `'${name}': () => require('${name}'),`);
    const parts = PARTS.map((part) => `...require('./dist/${part}.js'),`);
    const host = `host: () => { require('reflect-metadata'); return { ${parts.join(' ')} }; },`;
    const contents = `export const commands = { ${imports.join(' ')} ${host} }, packages = { ${packages.join(' ')} };`;
    await build({
      ...COMMON,
      external: LEFT_OUT.filter((name) => !ASKED_FOR.includes(name)),
      stdin: { contents, resolveDir: ROOT },
      outfile: join(folder, BUNDLE),
      format: 'cjs',
      minifyWhitespace: true,
      define: { 'import.meta.url': 'urlOfBundle' },
      // a script of the code cache cannot import
      supported: { 'dynamic-import': false },
    });
    // its functions travel to browsers as text: as they are
    const explorer = await transform(await readFile(join(ROOT, 'dist/explorer.js'), 'utf8'), {
      format: 'cjs',
    });
    await writeFile(join(folder, 'explorer.js'), explorer.code);
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'commonjs' }));
    await copyFile(join(ROOT, LOADER), join(folder, 'loader.js'));
    await copyFile(join(ROOT, HOST), join(folder, 'host.js'));
    await mkdir(join(folder, 'cli'));
    for (const command of COMMANDS) {
      const loader = command.includes('/') ? '../loader.js' : './loader.js';
      await writeFile(join(folder, `${command}.js`), `void require('${loader}').commands['${command}']();\n`);
    }
  });
}

/** @returns the file with the command `pladmed`, made of its sources as they are now */
export async function bundleCommand() {
  await import('../../cli/scripts/generate.mjs');
  const entries = [{ in: join(ROOT, 'cli/src/main.ts'), out: 'main' }];
  return join(await inFolder('command', ['cli/src'], intoModules(entries)), 'main.js');
}

/** @returns for jest's moduleNameMapper: a pattern for each package, and its file */
export async function bundlePackages() {
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const used = PACKAGES.filter((name) => name in dependencies || name in devDependencies);
  const file = (name) => name.replace('/', '__');
  const entries = used.map((name) => ({ in: name, out: file(name) }));
  const folder = await inFolder('packages', ['package.json'], intoModules(entries));
  return Object.fromEntries(used.map((name) => [`^${name}$`, join(folder, `${file(name)}.js`)]));
}

/** @returns what fills a folder with a module for each entry, and what they share */
function intoModules(entryPoints) {
  return (outdir) =>
    build({
      ...COMMON,
      entryPoints,
      outdir,
      splitting: true,
      format: 'esm',
      banner: {
        js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);",
      },
    });
}

/** @returns a folder whose files are never written to again: another run may use it, or make the same one now */
async function inFolder(name, inputs, fill) {
  const times = await Promise.all([...inputs, 'package-lock.json', ...OWN].map(newest));
  const folder = join(CACHE, `${name}-${Math.max(...times).toString(36)}`);
  if (await isThere(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const part = await mkdtemp(join(CACHE, 'part-'));
  await fill(part);
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
    onResolve({ filter: /\/explorer\.js$/ }, ({ path }) =>
      path.startsWith('.') ? { path: './explorer.js', external: true } : undefined,
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

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  keepNames: true,
  external: LEFT_OUT,
  plugins: [asNodeDoes],
  logLevel: 'error',
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
