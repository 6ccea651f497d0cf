import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../platform/log.js';

const GONE_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 20;

/**
 * Ends the programs of an earlier life: a probe that is killed cannot end what it began, and scamper measures on, beside the rates
 * that the host allows. They are found by their arguments, which name the temporary folder (each writes its result there): that holds
 * over reused process ids, and nobody has to keep a list that a crash would leave wrong. Only where there is a /proc.
 * @param folder the temporary folder of this probe's data, whose lock this process holds
 */
export async function endLeftovers(folder: string, log: Log): Promise<void> {
  const pids = await runningIn(folder);
  if (pids.length === 0) return;
  for (const pid of pids) end(pid);
  log.warn({ processes: pids.length }, 'measurements of a killed probe were ended');
  const gone = performance.now() + GONE_WITHIN_MS;
  let left = await runningIn(folder);
  while (left.length > 0 && performance.now() < gone) {
    await sleep(LOOK_EVERY_MS);
    left = await runningIn(folder);
  }
  if (left.length > 0)
    log.error({ pids: left }, 'measurements of a killed probe go on: this user may not end them');
}

/** The processes, other than this one, with an argument in a folder. */
export async function runningIn(folder: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Gone meanwhile, or not for us to see.
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return text.split('\0').some((argument) => argument.startsWith(`${folder}/`));
    }),
  );
  return pids.filter((pid, index) => found[index] === true && pid !== process.pid);
}

/** Of a setuid scamper the half that is nobody's may not be ended by an ordinary user. It ends with its other half. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, or not ours: whether it matters is seen afterwards.
  }
}
