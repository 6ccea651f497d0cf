const { TestEnvironment } = require('jest-environment-node');

/** Of all files that a worker runs, one after the other: packages that it loaded for one are there for the next (kept-runtime.cjs). */
let kept;

/** What jest keeps of a file at its globals: handlers of events, the limit of a test, all tests. Its own names, as it writes them. */
const OF_ONE_FILE = /^[A-Z_]+$/;

/** jest-environment-node, whose globals a worker makes once. A file that ends gives back what it took: timers, mocks, the environment. */
module.exports = class KeptEnvironment {
  constructor(config, context) {
    // nothing may be deleted of what the next file uses
    const testEnvironmentOptions = { ...config.projectConfig.testEnvironmentOptions, globalsCleanup: 'off' };
    const projectConfig = { ...config.projectConfig, testEnvironmentOptions };
    kept ??= new TestEnvironment({ ...config, projectConfig }, context);
    this.global = kept.global;
    this.moduleMocker = kept.moduleMocker;
    this.fakeTimers = kept.fakeTimers;
    this.fakeTimersModern = kept.fakeTimersModern;
    const { process } = this.global;
    const { exit } = process;
    const variables = { ...process.env };
    this.giveBack = () => {
      this.fakeTimers.dispose();
      this.fakeTimersModern.dispose();
      this.moduleMocker.restoreAllMocks();
      process.exit = exit;
      for (const symbol of Object.getOwnPropertySymbols(this.global))
        if (OF_ONE_FILE.test(symbol.description)) delete this.global[symbol];
      for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
      Object.assign(process.env, variables);
    };
  }

  async setup() {}

  async teardown() {
    this.giveBack();
  }

  exportConditions() {
    return kept.exportConditions();
  }

  getVmContext() {
    return kept.getVmContext();
  }
};
