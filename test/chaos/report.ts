import { type ChaosReport } from './chaos.js';

type Rows = Record<string, number>;

/** The figures of a run, each in a table of its own. */
export function tablesOf({ faults, figures, evidence, discrepancies }: ChaosReport): Record<string, Rows> {
  const { operations, assignments, users, ledger, results, coverage, probes } = evidence;
  const count = (list: readonly string[]): Rows => {
    const rows: Rows = {};
    for (const each of [...list].sort()) rows[each] = (rows[each] ?? 0) + 1;
    return rows;
  };
  const fates: Rows = { due: coverage.reduce((sum, { due }) => sum + due, 0) };
  for (const each of coverage) {
    for (const [fate, runs] of Object.entries(each.fates)) fates[fate] = (fates[fate] ?? 0) + runs;
  }
  fates['extra (results of no run)'] = coverage.reduce((sum, { extra }) => sum + extra, 0);
  return {
    'Faults injected': { ...faults, 'in all': Object.values(faults).reduce((sum, each) => sum + each, 0) },
    'What probes did': figures,
    'Runs that were due, by fate': fates,
    'What is stored': {
      results: results.filter(({ outcome }) => outcome === 'stored').length,
      'failed runs': results.filter(({ outcome }) => outcome === 'failed').length,
      users: users.length,
      operations: operations.length,
      'of them stopped': operations.filter(({ stoppedAt }) => stoppedAt !== undefined).length,
      'creations refused': users
        .flatMap(({ creations }) => creations)
        .filter(({ answer }) => answer === 'refused').length,
      assignments: assignments.length,
      'ledger entries': ledger.length,
    },
    'Assignments by state': count(assignments.map(({ state }) => state)),
    'Probes by nature': count(
      probes.map(({ protocol, nature }) => (protocol === 'classic' ? 'classic' : nature)),
    ),
    'Runs laid beside diaries one by one': {
      runs: evidence.runFates.reduce((sum, { buckets }) => sum + buckets.length, 0),
    },
    Discrepancies: { ...count(discrepancies.map(({ kind }) => kind)), 'in all': discrepancies.length },
  };
}
