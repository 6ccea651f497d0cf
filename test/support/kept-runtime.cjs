const { default: Runtime } = require('jest-runtime');

/** Of all files that a worker runs: what is loaded, and where it stands in its source. */
const modules = { cjs: new Map(), esm: new Map() };
const sourceMaps = new Map();

/** A test file is its own, and what it shares with others of the tests; so is what jest itself gives it. */
const isOfTests = (key) => /\/test\/|\.spec\.ts$|^@jest\/globals/.test(key);

/** The modules of one file: packages and sources are found in, and left in, those of the worker. */
class Modules extends Map {
  constructor(common) {
    super();
    this.common = common;
  }

  of(key) {
    return !isOfTests(key) && this.common;
  }

  get(key) {
    return this.of(key) ? this.common.get(key) : super.get(key);
  }

  has(key) {
    return this.of(key) ? this.common.has(key) : super.has(key);
  }

  set(key, value) {
    if (this.of(key)) this.common.set(key, value);
    else super.set(key, value);
    return this;
  }

  delete(key) {
    return this.of(key) ? this.common.delete(key) : super.delete(key);
  }
}

/**
 * jest's runtime, which loads packages and sources once for a worker, and not again for each of its files: that took longer than most
 * tests. Needs kept-environment.cjs. Lines that are counted (coverage) are counted by file.
 */
module.exports = class KeptRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    const [, , , , , { collectCoverage }] = args;
    if (collectCoverage) return;
    this.keeps = true;
    this.registries.moduleRegistry = new Modules(modules.cjs);
    this.registries.esModuleRegistry = new Modules(modules.esm);
    this.transformCache.sourceMaps = sourceMaps;
  }

  /** What it loaded lives on, and may have something to load later. */
  teardown() {
    if (!this.keeps) super.teardown();
    else {
      this.restoreAllMocks();
      this.registries.clear();
    }
  }
};
module.exports.default = module.exports;
