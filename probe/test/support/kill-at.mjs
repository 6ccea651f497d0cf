/*
 * Loaded into a probe before its own code: kills it (SIGKILL) at a call of the file system.
 *   KILL_AT=rename:before:3   just before the third rename; `after`: when it is done, before anybody hears of it
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [name, when, times] = (process.env.KILL_AT ?? '').split(':');
const handle = await promises.open('/dev/null');
const methods = Object.getPrototypeOf(handle);
await handle.close();
// What both have is called on an open file.
const owner = name in methods && name !== 'readFile' ? methods : promises;
const call = owner[name];
let left = Number(times);

const die = () => process.kill(process.pid, 'SIGKILL');
owner[name] = async function (...args) {
  const isLast = --left === 0;
  if (isLast && when === 'before') die();
  try {
    return await call.apply(this, args);
  } finally {
    if (isLast) die();
  }
};
syncBuiltinESMExports();
