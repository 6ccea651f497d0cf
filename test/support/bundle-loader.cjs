/**
 * Runs bundle.js beside it, with what V8 made of it in an earlier run (bundle.js.cache), if that is there.
 * PLADMED_TEST_CODE_CACHE names a file in which this process, at its end, puts what V8 has made by then.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const filename = require.resolve('./bundle.js');

function cached() {
  try {
    return readFileSync(`${filename}.cache`);
  } catch {
    return undefined;
  }
}

// a cache of another Node is not taken, and nothing but time is lost
const script = new Script(
  `(function (require, module, exports, urlOfBundle) {${readFileSync(filename, 'utf8')}\n})`,
  {
    filename,
    cachedData: cached(),
  },
);
const wanted = process.env.PLADMED_TEST_CODE_CACHE;
if (wanted) process.once('exit', () => writeFileSync(wanted, script.createCachedData()));
script.runInThisContext()(require, module, module.exports, pathToFileURL(filename).href);

const { packages } = module.exports;
const load = Module._load;
Module._load = (name, ...rest) => (Object.hasOwn(packages, name) ? packages[name]() : load(name, ...rest));
