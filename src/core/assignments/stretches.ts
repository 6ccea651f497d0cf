import { type AssignmentEntity, type EarlierStretch } from './assignment.schema.js';

/** A probe is taken away and added again so often, and no oftener: each time is kept with its assignment. */
export const MOST_STRETCHES = 100;

/** @returns how many runs were asked of the probe before it was taken away, and added again, for the last time */
export function earlierRuns({ earlier = [] }: Pick<AssignmentEntity, 'earlier'>): number {
  return earlier.reduce((sum, { runs }) => sum + runs, 0);
}

/** @returns the number of the first run that was ever asked of the probe */
export function firstAsked({
  first_run = 0,
  earlier = [],
}: Pick<AssignmentEntity, 'first_run' | 'earlier'>): number {
  return earlier[0]?.first_run ?? first_run;
}

/**
 * Begins another stretch of an assignment that was stopped.
 * @param before as it stands now: its account goes on
 * @param next what a probe that is new to the operation would get, with the runs of its stretch alone as `due`
 */
export function reopened(before: AssignmentEntity, next: AssignmentEntity): AssignmentEntity {
  const { received, failed, uncounted_received, uncounted_failed, extra, extra_bytes } = before;
  const { last_run, failure, last_result_at } = before;
  const earlier = [...(before.earlier ?? []), ...endedStretch(before)];
  const account = {
    uncounted_received,
    uncounted_failed,
    extra,
    extra_bytes,
    last_run,
    failure,
    last_result_at,
  };
  return {
    ...next,
    ...{ received, failed, due: next.due + earlierRuns({ earlier }) },
    ...Object.fromEntries(Object.entries(account).filter(([, value]) => value !== undefined)),
    ...(earlier.length > 0 && { earlier }),
  };
}

/** Of a stretch in which nothing was asked nothing is kept. */
function endedStretch(stopped: AssignmentEntity): EarlierStretch[] {
  const { first_run = 0, due, owed = due, created_at, ended_at = created_at } = stopped;
  const { delivered_at, delivered_over, delivered_with } = stopped;
  const runs = owed - earlierRuns(stopped);
  if (runs <= 0) return [];
  return [
    {
      ...{ first_run, runs, added_at: created_at, removed_at: ended_at },
      ...(delivered_at && { delivered_at }),
      ...(delivered_over !== undefined && { delivered_over }),
      ...(delivered_with !== undefined && { delivered_with }),
    },
  ];
}

/** @returns whether the probe was taken away but could not be told: it goes on, and nothing was paid back */
export function goesOnUntold({ state, owed }: Pick<AssignmentEntity, 'state' | 'owed'>): boolean {
  return state === 'stopped' && owed === undefined;
}
