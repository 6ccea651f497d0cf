import { existsSync } from 'node:fs';

const ARCHITECTURE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const LIBRARY = [`/usr/lib/${ARCHITECTURE}-linux-gnu`, '/usr/lib64', '/usr/lib']
  .map((folder) => `${folder}/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));

/** Why no program can be given a wrong clock here; undefined when one can. */
export const noWrongClock = LIBRARY === undefined ? 'libfaketime is not installed' : undefined;

/**
 * The environment in which a program reads a wall clock that is off; its monotonic clock is right. What the program runs with an
 * environment of its own, as the probe runs scamper, has the right one.
 */
export function clockOff(seconds: number): Record<string, string> {
  return {
    LD_PRELOAD: LIBRARY ?? '',
    FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
