import { describe } from '@jest/globals';
import { whyNoNetwork } from './network.js';

/** `describe` for tests on a network; where none can be made it says why, and skips them. */
export function onNetwork(name: string, tests: () => void): void {
  const reason = whyNoNetwork();
  if (reason !== undefined) console.log(`"${name}" is skipped, there is no network of namespaces: ${reason}`);
  (reason === undefined ? describe : describe.skip)(name, tests);
}
