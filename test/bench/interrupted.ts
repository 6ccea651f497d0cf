import { constants } from 'node:os';

/** An interrupted run ends by `process.exit`, so that what it started is ended too: by default a signal runs nothing. */
export function exitWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
