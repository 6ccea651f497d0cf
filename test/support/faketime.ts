import { spawnSync } from 'node:child_process';

/**
 * What a process needs in its environment to see another wall clock (libfaketime); its monotonic clock stays as it is. The command `faketime` would
 * stay between us and the process, and keep our signals.
 * @returns undefined where libfaketime is not installed
 */
export function otherTime(offsetS: number): Record<string, string> | undefined {
  const offset = `${offsetS < 0 ? '' : '+'}${offsetS}s`;
  const { stdout, status } = spawnSync('faketime', ['-f', offset, 'sh', '-c', 'echo "$LD_PRELOAD"'], {
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  return { LD_PRELOAD: stdout.trim(), FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
