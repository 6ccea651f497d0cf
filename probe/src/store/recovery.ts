import { isNoRoom } from '../platform/errors.js';
import type { Log } from '../platform/log.js';
import type { ClockEstimate } from '../protocol/protocol.js';
import type { RunJournal } from './run-journal.js';
import type { ResultStore } from './result.store.js';

/** What happened to a run that an earlier life began and did not finish: its result is in the store, or it is reported. */
export async function recoverRuns(
  runJournal: RunJournal,
  results: ResultStore,
  clock: ClockEstimate,
  log: Log,
): Promise<void> {
  const cause = { reason: 'missed', detail: 'the probe died during the run', clock } as const;
  for (const { id, at } of runJournal.interrupted()) {
    const isSettled = results.has(id, at) || runJournal.isReported(id, at);
    if (!isSettled)
      log.warn({ operation_id: id, scheduled_at: new Date(at).toISOString() }, 'this run was cut short');
    const written = isSettled ? runJournal.finished(id, at) : runJournal.failedAlone(id, at, cause);
    await written.catch((error: unknown) => {
      // In memory it is; on a full disk the next start finds the run again.
      if (!isNoRoom(error)) throw error;
    });
  }
}
