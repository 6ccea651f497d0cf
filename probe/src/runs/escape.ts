import { AsyncLocalStorage } from 'node:async_hooks';
import { messageOf } from '../platform/errors.js';
import type { Log } from '../platform/log.js';
import { RunFailure } from '../protocol/failure.js';

/** A run for as long as anything that its kind has begun is there. */
export interface RunScope {
  about: { operation_id: string; kind: string; scheduled_at: string };
  /** Ends the run, if it is not over. */
  abort: (failure: RunFailure) => void;
}

const scopes = new AsyncLocalStorage<RunScope>();
/** So many errors of runs in one minute are a fault that goes on: the supervisor starts the probe anew. */
const MOST_ESCAPES = 100;
const MINUTE_MS = 60_000;
const MAX_DETAIL_LENGTH = 300;

/** Does the work so that what it throws in an event or a timer, now or later, is known to be of this run. */
export function withinRun<T>(scope: RunScope, work: () => T): T {
  return scopes.run(scope, work);
}

/**
 * Makes an error that nobody has caught, or a rejection, the end of the run that it is of; the probe goes on. One that is of
 * no run ends the probe: nothing is known of the state that it leaves, and every begun run is in the journal.
 * @param exit ends the process with a code other than 0; the supervisor starts it anew
 */
export function guardProcess(log: Log, exit: () => void): void {
  let escapes: number[] = [];
  process.on('uncaughtException', (error, origin) => {
    const scope = scopes.getStore();
    if (scope === undefined) {
      log.error({ err: error, origin }, 'an error outside every run: the probe ends');
      exit();
      return;
    }
    log.error(
      { ...scope.about, err: error, origin },
      'an error escaped from a run: it ends, the probe goes on',
    );
    scope.abort(
      new RunFailure('tool_failed', `an error of the probe: ${messageOf(error).slice(0, MAX_DETAIL_LENGTH)}`),
    );
    const now = performance.now();
    escapes = [...escapes.filter((at) => now - at < MINUTE_MS), now];
    if (escapes.length < MOST_ESCAPES) return;
    log.error({ escapes: escapes.length }, 'errors escape without end: the probe ends');
    exit();
  });
}
