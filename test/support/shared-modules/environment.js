import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

/** What jest-circus and jest keep of one file. */
const OF_CIRCUS = ['JEST_STATE_SYMBOL', 'EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL', 'RETRY_TIMES_SETTER'];

/** The process itself, where runner.js loads the tests. What a file changes of it is as it was when the file has ended. */
export default class SharedModulesEnvironment {
  global = globalThis;
  fakeTimers = null;
  moduleMocker = new ModuleMocker(globalThis);
  #before = {
    globals: new Map(
      Reflect.ownKeys(globalThis).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]),
    ),
    env: { ...process.env },
    exit: process.exit,
    folder: process.cwd(),
  };

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** Jest's own modules run in the process as well. */
  getVmContext() {
    return null;
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.useRealTimers();
    this.moduleMocker.restoreAllMocks();
    const { globals, env, exit, folder } = this.#before;
    for (const name of Reflect.ownKeys(globalThis)) {
      const before = globals.get(name);
      if (before === undefined) {
        // other symbols are of packages, which stay loaded
        if (typeof name === 'string' || OF_CIRCUS.includes(name.description))
          Reflect.deleteProperty(globalThis, name);
      } else if ('value' in before && !Object.is(globalThis[name], before.value)) {
        Object.defineProperty(globalThis, name, before);
      }
    }
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.exit = exit;
    if (process.cwd() !== folder) process.chdir(folder);
  }
}
