import {
  type AssignmentFact,
  type Discrepancy,
  type Evidence,
  FINAL_STATES,
  type Observation,
  type OperationFact,
  type State,
} from './evidence.js';
import { checkSums } from './fates.js';

const isFinal = (state: State): boolean => (FINAL_STATES as readonly State[]).includes(state);
/** What a query saw so shortly before the database was killed may not have been durable yet. */
const UNDONE_MS = 2_000;

/** Counters and states of assignments, now and as they were seen on the way; and that every probe has what it should have. */
export function auditStates(evidence: Evidence): Discrepancy[] {
  return [
    ...auditCounters(evidence),
    ...auditFinalStates(evidence),
    ...auditDesiredState(evidence),
    ...auditObservations(evidence),
  ];
}

function auditCounters({ assignments, results, operations }: Evidence): Discrepancy[] {
  const counts = new Map<string, { stored: number; failed: number }>();
  for (const { operation, probe, outcome, counted } of results) {
    if (!counted) continue;
    const own = counts.get(operation + probe) ?? { stored: 0, failed: 0 };
    own[outcome] += 1;
    counts.set(operation + probe, own);
  }
  const found: Discrepancy[] = [];
  for (const { operation, probe, received, failed } of assignments) {
    const { stored, failed: reported } = counts.get(operation + probe) ?? { stored: 0, failed: 0 };
    if (received !== stored || failed !== reported) {
      const what = `${operation} ${probe}: counts ${received} and ${failed} failed, has ${stored} and ${reported}`;
      found.push({ kind: 'counters', what });
    }
  }
  for (const { id, runsPerProbe, probes, progress, counted } of operations) {
    const own = assignments.filter(({ operation }) => operation === id);
    const sum = (of: (each: AssignmentFact) => number): number =>
      own.reduce((all, each) => all + of(each), 0);
    const before = [sum(({ received }) => received), sum(({ failed }) => failed)];
    const said = [progress.due, progress.received, progress.failed];
    const expected = [runsPerProbe * probes, counted.received, counted.failed];
    const isLess = counted.received < (before[0] ?? 0) || counted.failed < (before[1] ?? 0);
    if (own.length !== probes || isLess || said.join() !== expected.join()) {
      const what = `${id}: ${said.join(', ')} instead of ${expected.join(', ')}, before ${before.join(', ')}`;
      found.push({ kind: 'progress', what });
    }
  }
  return found;
}

function auditFinalStates({ assignments, operations, at }: Evidence): Discrepancy[] {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  return assignments.flatMap((assignment) => {
    const why = whyNot(assignment, byId.get(assignment.operation), at);
    const { operation, probe, state } = assignment;
    return why === undefined
      ? []
      : [{ kind: 'state', what: `${operation} ${probe} is ${state}, but ${why}` }];
  });
}

/** @returns why an assignment cannot be in its state */
function whyNot(
  { state, received, failed, due, endsAt }: AssignmentFact,
  operation: OperationFact | undefined,
  at: number,
): string | undefined {
  if (operation === undefined) return 'its operation is not there';
  const complete = received + failed >= due;
  const over = endsAt <= at;
  const stopped = operation.stoppedAt !== undefined;
  if (state === 'stopped') return stopped ? undefined : 'nobody stopped it';
  if (state === 'done') return complete || over ? undefined : 'not all of its runs came';
  if (state === 'expired') return over ? undefined : 'its time is not over';
  if (state === 'refused') return undefined;
  if (stopped) return 'its operation was stopped';
  return complete ? 'all of its runs came' : undefined;
}

/** docs/protocol.md: whatever it missed, a probe ends up with exactly what it has to do. */
function auditDesiredState({ assignments, probes, at }: Evidence): Discrepancy[] {
  const byKey = new Map(assignments.map((each) => [each.operation + each.probe, each]));
  const here = new Map(
    probes
      .filter(({ connected, protocol }) => connected && protocol === 'native')
      .map(({ probe, operations }) => [probe, new Set(operations)]),
  );
  const found: Discrepancy[] = [];
  for (const [probe, operations] of here) {
    for (const id of operations) {
      const state = byKey.get(id + probe)?.state;
      // one whose runs are all accounted for is nothing to do any more, and need not be taken away
      if (state === 'delivered' || state === 'done') continue;
      found.push({ kind: 'delivery', what: `${probe} has ${id}, which is ${state ?? 'not its own'}` });
    }
  }
  for (const { operation, probe, state, endsAt } of assignments) {
    const operations = here.get(probe);
    if (operations === undefined || isFinal(state) || endsAt <= at) continue;
    if (state === 'pending') found.push({ kind: 'delivery', what: `${operation} never reached ${probe}` });
    else if (!operations.has(operation)) {
      found.push({ kind: 'delivery', what: `${probe} does not have ${operation}` });
    }
  }
  return found;
}

/** What was seen while faults were injected. */
function auditObservations({ observations, databaseKills, probes }: Evidence): Discrepancy[] {
  const classic = new Set(probes.filter(({ protocol }) => protocol === 'classic').map(({ probe }) => probe));
  const seen = new Map<string, State>();
  const found: Discrepancy[] = [];
  for (const observation of observations) {
    found.push(...auditAccount(observation));
    const { askedAt, at, operation, states = {} } = observation;
    if (databaseKills.some((kill) => askedAt <= kill && kill < at + UNDONE_MS)) continue;
    for (const [probe, state] of Object.entries(states)) {
      const before = seen.get(operation + probe) ?? state;
      seen.set(operation + probe, state);
      if (mayBecome(before, state, classic.has(probe))) continue;
      found.push({ kind: 'state', what: `${operation} ${probe} was ${before}, and became ${state}` });
    }
  }
  return found;
}

function mayBecome(before: State, after: State, isClassic: boolean): boolean {
  if (before === after) return true;
  if (isFinal(before)) return false;
  return before === 'pending' || after !== 'pending' || isClassic;
}

/** One account of runs: its sums, and that what was acknowledged before is in it. */
function auditAccount({ operation, coverage, acknowledged = 0 }: Observation): Discrepancy[] {
  if (coverage === undefined) return [];
  const found = checkSums(coverage).map((what) => ({
    kind: 'sums',
    what: `${operation}, on the way: ${what}`,
  }));
  const came = (coverage.fates['received'] ?? 0) + coverage.extra;
  if (came >= acknowledged) return found;
  const what = `${operation}: ${acknowledged} were acknowledged, ${came} came`;
  return [...found, { kind: 'not seen', what }];
}
