/**
 * jest-circus, for test files that Node loads as it loads any module: what they import is loaded once in a worker, for all of its
 * test files, where jest by itself loads it once for each.
 */
import circus from 'jest-circus/runner';
import { readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { placeOf } from './compiled.js';
import { setGlobals } from './globals.js';

const require = createRequire(import.meta.url);

let loaded = 0;

/** A `testRunner` of jest: what jest-circus asks the runtime to load is loaded past it. */
export default async function run(globalConfig, config, environment, runtime, testPath, send) {
  if (loaded === 0) await start(config);
  loaded += 1;
  // another number, another module: in watch mode a file is run again
  const url = `${pathToFileURL(testPath).href}?run=${loaded}`;
  // jest-circus has its state in its module: a new one for each file
  runtime.requireInternalModule = (path) => {
    delete require.cache[path];
    return require(path);
  };
  runtime.unstable_shouldLoadAsEsm = () => true;
  runtime.unstable_importModule = async () => {
    setGlobals(runtime.requireModuleOrMock(testPath, '@jest/globals'));
    await import(url);
  };
  const maps = runtime.getSourceMaps();
  const known = maps.get.bind(maps);
  maps.get = (file) => known(file) ?? sourceMapOf(file);
  return circus.default(globalConfig, config, environment, runtime, testPath, send);
}

async function start({ moduleNameMapper }) {
  const mapped = moduleNameMapper.map(([pattern, target]) => [String(pattern), target]);
  const globalsUrl = new URL('./globals.js', import.meta.url).href;
  register('./hooks.js', import.meta.url, { data: { moduleNameMapper: mapped, globalsUrl } });
  // as the server does first of all
  await import('reflect-metadata');
}

/** @returns where the source map of a module is that hooks.js has compiled, for the lines of a failure */
function sourceMapOf(file) {
  if (typeof file !== 'string' || !/^file:.*\.ts(\?|$)/.test(file)) return undefined;
  try {
    const path = fileURLToPath(file);
    return `${placeOf(path, readFileSync(path, 'utf8'))}.map`;
  } catch {
    return undefined;
  }
}
