import { readdir, readFile } from 'node:fs/promises';
import { errorCode } from '../errors.js';
import type { Log } from '../log.js';

/**
 * Ends the programs of an earlier life: a probe that is killed cannot end what it began, and scamper measures on, beside the rates
 * that the host allows. They are found by their arguments, which name the temporary folder (each writes its result there): that holds
 * over reused process ids, and nobody has to keep a list that a crash would leave wrong. Only where there is a /proc.
 * @param folder the temporary folder of this probe's data, whose lock this process holds
 */
export async function endLeftovers(folder: string, log: Log): Promise<void> {
  const pids = await runningIn(folder);
  for (const pid of pids) end(pid, log);
  if (pids.length > 0) log.warn({ processes: pids.length }, 'measurements of a killed probe were ended');
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

function end(pid: number, log: Log): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH')
      log.error({ pid }, 'a measurement of a killed probe goes on, and may not be ended by this user');
  }
}
