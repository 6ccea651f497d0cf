import {
  type Discrepancy,
  type Evidence,
  type OperationFact,
  type ProbeDiary,
  type ResultFact,
  type SentRun,
} from './evidence.js';
import { offsetOf, runTimes } from './runs.js';

const keyOf = (probe: string, { operation, code }: { operation: string; code: string }): string =>
  `${probe} ${operation} ${code}`;

/** What probes sent and what is stored: nothing lost, nothing double, nothing changed, nothing made up. */
export function auditResults(evidence: Evidence): Discrepancy[] {
  const stored = new Map<string, ResultFact[]>();
  for (const result of evidence.results) {
    const key = keyOf(result.probe, result);
    stored.set(key, [...(stored.get(key) ?? []), result]);
  }
  const known = new Map<string, SentRun>();
  const found: Discrepancy[] = [];
  for (const diary of evidence.probes) {
    for (const run of diary.runs) {
      const key = keyOf(diary.probe, run);
      known.set(key, run);
      found.push(...auditRun(key, run, stored.get(key)?.[0]));
    }
    if (diary.kept > 0) {
      found.push({
        kind: 'undelivered',
        what: `${diary.probe} keeps ${diary.kept} after everything was healed`,
      });
    }
    for (const what of diary.complaints) found.push({ kind: 'protocol', what: `${diary.probe}: ${what}` });
  }
  for (const [key, copies] of stored) {
    if (copies.length > 1) found.push({ kind: 'doubled', what: `${key} is stored ${copies.length} times` });
    if (!known.has(key)) found.push({ kind: 'made up', what: `${key} is stored, and was never sent` });
  }
  return [...found, ...auditMarks(evidence), ...auditListings(evidence)];
}

function auditRun(key: string, run: SentRun, stored: ResultFact | undefined): Discrepancy[] {
  const { versions } = run;
  const answered = (answer: 'stored' | 'duplicate' | 'refused'): number =>
    versions.reduce((sum, { answers }) => sum + (answers[answer] ?? 0), 0);
  if (stored === undefined) {
    const acknowledged = answered('stored') + answered('duplicate');
    return acknowledged > 0 ? [{ kind: 'lost', what: `${key} was acknowledged, and is not stored` }] : [];
  }
  const found: Discrepancy[] = [];
  const version = versions.find(
    ({ outcome, digest }) => outcome === stored.outcome && digest === stored.digest,
  );
  if (version === undefined) {
    found.push({ kind: 'changed', what: `${key} is stored with other bytes than were sent` });
  } else if (version.forbidden) {
    found.push({ kind: 'forbidden', what: `${key} is stored, and must never be` });
  } else if (
    version.unanswered === 0 &&
    Object.keys(version.answers).every((answer) => answer === 'refused')
  ) {
    found.push({ kind: 'refused', what: `${key} was refused, and is stored` });
  }
  if (answered('stored') > 1) {
    found.push({
      kind: 'stored twice',
      what: `${key} was acknowledged as stored ${answered('stored')} times`,
    });
  }
  if (version !== undefined && answered('stored') === 1 && version.answers.stored === undefined) {
    found.push({
      kind: 'changed',
      what: `${key}: another wording is stored than was acknowledged as stored`,
    });
  }
  return found;
}

/** `off_schedule` stands where the schedule calls for no run, and only there. */
function auditMarks({ results, operations, probes }: Evidence): Discrepancy[] {
  const natives = new Set(probes.filter(({ protocol }) => protocol === 'native').map(({ probe }) => probe));
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const times = new Map<string, Set<number>>();
  return results.flatMap(({ operation, probe, code, offSchedule }) => {
    const scheduled = byId.get(operation);
    if (scheduled === undefined || !natives.has(probe)) return [];
    const isRun = runsOf(scheduled, probe, times).has(Date.parse(code));
    if (isRun !== offSchedule) return [];
    return [{ kind: 'mark', what: `${probe} ${operation} ${code}: off_schedule is ${String(offSchedule)}` }];
  });
}

function runsOf({ id, schedule, spreadS }: OperationFact, probe: string, known: Map<string, Set<number>>) {
  const times = known.get(id + probe) ?? new Set(runTimes(schedule, offsetOf(probe, spreadS)));
  known.set(id + probe, times);
  return times;
}

/** The API lists as many as are stored. */
function auditListings({ results, operations }: Evidence): Discrepancy[] {
  const counts = new Map<string, number>();
  for (const { operation } of results) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  return operations.flatMap(({ id, listed }) => {
    const stored = counts.get(id) ?? 0;
    return listed === stored
      ? []
      : [{ kind: 'listing', what: `${id}: ${listed} results are listed, ${stored} stored` }];
  });
}

/** Every probe is shown as it is. */
export function auditPresence(
  diaries: readonly Pick<ProbeDiary, 'probe' | 'connected'>[],
  shown: readonly { server: string; connected: ReadonlySet<string> }[],
): (Discrepancy & { probe: string })[] {
  return shown.flatMap(({ server, connected }) =>
    diaries
      .filter((diary) => diary.connected !== connected.has(diary.probe))
      .map(({ probe, connected: is }) => ({
        probe,
        kind: 'presence',
        what: `${server} shows ${probe} as ${is ? 'away, and it is connected' : 'connected, and it is away'}`,
      })),
  );
}
