import type { Log } from '../log.js';
import type { ClockEstimate } from '../protocol.js';
import type { Ledger } from './ledger.js';
import type { ResultStore } from './result.store.js';

/** What happened to a run that an earlier life began and did not finish: its result is in the store, or it is reported. */
export async function recoverRuns(
  ledger: Ledger,
  results: ResultStore,
  clock: ClockEstimate,
  log: Log,
): Promise<void> {
  for (const { id, at } of ledger.interrupted()) {
    if (results.has(id, at) || ledger.isReported(id, at)) {
      await ledger.finished(id, at);
      continue;
    }
    log.warn({ operation_id: id, scheduled_at: new Date(at).toISOString() }, 'this run was cut short');
    const cause = { reason: 'missed', detail: 'the probe died during the run', clock } as const;
    await ledger.failedAlone(id, at, cause);
  }
}
