/**
 * Joins the built server and its commands into a few files: node reads 2,800 otherwise, which takes longer than all else at a
 * start. The tests start a server some hundred times. What is started stays the build, `dist/`; nothing is compiled anew.
 */
import { build } from 'esbuild';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;
const OUT = join(ROOT, 'node_modules/.cache/pladmed-server');
const ENTRIES = ['main', 'cli/superuser', 'cli/backup', 'cli/restore'];
/** They start files of their own, or hold a compiled addon. */
const LEFT_OUT = ['bcrypt', 'pino', 'pino-http', 'pino-roll', 'mongodb-memory-server-core'];
/** Nest asks for them by `require` or only where they are installed: one copy of each, or none. */
const LEFT_TO_NODE = ['class-transformer', '@nestjs/microservices', '@nestjs/platform-fastify', '@fastify/*'];

/** Bundles anew what is older than the build. @returns the folder */
export async function bundleServer() {
  const built = await Promise.all(
    [
      'dist',
      'warts/dist',
      'sntp/dist',
      'protocol/dist',
      'package-lock.json',
      'test/support/bundle-server.js',
    ].map(newest),
  );
  const bundled = await stat(join(OUT, 'main.js')).catch(() => ({ mtimeMs: 0 }));
  if (bundled.mtimeMs > Math.max(...built)) return OUT;
  await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((entry) => ({ in: join(ROOT, `dist/${entry}.js`), out: entry })),
    outdir: OUT,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    external: [...LEFT_OUT, ...LEFT_TO_NODE],
    plugins: [asNodeDoes],
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
    logLevel: 'error',
  });
  return OUT;
}

const asNodeDoes = {
  name: 'as-node-does',
  setup({ onResolve, onLoad }) {
    // its functions travel to browsers as text: as they are
    onResolve({ filter: /\/explorer\.js$/ }, ({ path, resolveDir }) =>
      path.startsWith('.') ? { path: join(resolveDir, path), external: true } : undefined,
    );
    // CommonJS that Nest imports as a namespace: with the names that node gives it, and with what node lets `this` be
    onResolve({ filter: /^(mongoose|class-validator)$/ }, ({ path, kind }) =>
      kind === 'import-statement' || kind === 'dynamic-import' ? { path, namespace: 'named' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'named' }, async ({ path }) => {
      const names = Object.keys(await import(path));
      const members = names.filter((name) => name !== 'default' && /^[A-Za-z_$][\w$]*$/.test(name));
      return {
        contents: `const it = require('${path}'); export default it;\n${members.map((name) => `export const ${name} = it.${name};`).join('\n')}`,
        resolveDir: ROOT,
      };
    });
  },
};

/** @returns when the youngest file in a folder was written */
async function newest(path) {
  const whole = join(ROOT, path);
  const found = await stat(whole);
  if (!found.isDirectory()) return found.mtimeMs;
  const inside = await Promise.all((await readdir(whole)).map((name) => newest(join(path, name))));
  return Math.max(0, ...inside);
}
