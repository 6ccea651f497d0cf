import {
  type AssignmentFact,
  type Discrepancy,
  type Evidence,
  type LedgerFact,
  type OperationFact,
  type ResultFact,
} from './evidence.js';
import { begunRuns, offsetOf, pricedRuns, runTimes } from './runs.js';

/** A stop is dated before its transaction, which may have to wait. */
const STOPPING_MS = 20_000;
/** What a stored result earns the probe's owner. */
export const REWARD = 10;

/** Every credit: earned once for each result, charged once for each operation, paid back by the rule, and all of it in the ledger. */
export function auditMoney(evidence: Evidence): Discrepancy[] {
  const entries = new Map<string, LedgerFact>();
  const found: Discrepancy[] = [];
  for (const entry of evidence.ledger) {
    if (entries.has(entry.reference)) {
      found.push({ kind: 'paid twice', what: `${entry.reference} stands twice in the ledger` });
    }
    entries.set(entry.reference, entry);
  }
  return [
    ...found,
    ...auditEarnings(evidence, entries),
    ...auditCharges(evidence, entries),
    ...auditRefunds(evidence, entries),
    ...auditMost(evidence),
    ...auditGrants(evidence),
    ...auditBalances(evidence),
  ];
}

function auditEarnings(evidence: Evidence, entries: ReadonlyMap<string, LedgerFact>): Discrepancy[] {
  const owners = new Map(evidence.probes.map(({ probe, owner }) => [probe, owner]));
  const earned = new Map<string, number>();
  const found: Discrepancy[] = [];
  for (const result of evidence.results) {
    const entry = result.paidBy === undefined ? undefined : entries.get(result.paidBy);
    const wrong = wrongPayment(result, entry, owners.get(result.probe));
    if (wrong !== undefined) {
      const what = `${result.probe} ${result.operation} ${result.code} ${wrong}`;
      found.push({ kind: 'payment', what });
    } else if (entry !== undefined) {
      earned.set(entry.reference, (earned.get(entry.reference) ?? 0) + REWARD);
    }
  }
  for (const { reference, reason, amount } of evidence.ledger) {
    if (reason !== 'results' || amount === earned.get(reference)) continue;
    const due = earned.get(reference) ?? 0;
    found.push({ kind: 'payment', what: `${reference} paid ${amount} for results that earn ${due}` });
  }
  return found;
}

/** @returns what is wrong with the payment of a result, or with its lack; undefined when it is right */
function wrongPayment(
  { outcome, counted, paidBy }: Evidence['results'][number],
  entry: LedgerFact | undefined,
  owner: string | undefined,
): string | undefined {
  if (outcome === 'failed' || !counted) {
    const why = outcome === 'failed' ? 'failed' : 'is no run that was asked for';
    return paidBy === undefined ? undefined : `${why}, and was paid for`;
  }
  if (entry === undefined || entry.reason !== 'results') return 'was not paid for';
  return entry.user === owner ? undefined : 'was paid to somebody else';
}

/** Nobody earns more with an operation than its runs that were paid for and not paid back. */
function auditMost({ operations, results }: Evidence): Discrepancy[] {
  const paid = new Map<string, number>();
  for (const { operation, paidBy } of results) {
    if (paidBy !== undefined) paid.set(operation, (paid.get(operation) ?? 0) + 1);
  }
  return operations.flatMap(({ id, credits, refunded = 0, costPerRun }) => {
    const [count, asked] = [paid.get(id) ?? 0, (credits - refunded) / costPerRun];
    return count <= asked
      ? []
      : [{ kind: 'payment', what: `${id}: ${count} results are paid, and ${asked} runs were asked for` }];
  });
}

/** Every operation was asked for by its owner, once, and has its price. */
function auditCharges(evidence: Evidence, entries: ReadonlyMap<string, LedgerFact>): Discrepancy[] {
  const known = new Set(evidence.operations.map(({ id }) => id));
  const [askedFor, found] = auditCreations(evidence, known);
  for (const { id, owner, ...operation } of evidence.operations) {
    if (askedFor.get(id) !== owner) {
      found.push({ kind: 'creation', what: `${id} was never asked for by its owner` });
    }
    const { credits } = operation;
    const runs = pricedRuns(operation);
    const price = operation.costPerRun * runs * operation.probes;
    if (credits !== price || operation.runsPerProbe !== runs) {
      found.push({ kind: 'price', what: `${id} costs ${credits}, and its price is ${price}` });
    }
    const charge = entries.get(`operation:${id}`);
    if (charge?.amount !== -credits || charge.user !== owner) {
      found.push({ kind: 'charge', what: `${id}: charged ${String(charge?.amount)} instead of ${-credits}` });
    }
  }
  for (const { reason, reference } of evidence.ledger) {
    if (reason === 'operation' && !known.has(reference.replace('operation:', '')))
      found.push({ kind: 'charge', what: `${reference} is charged, and there is no such operation` });
  }
  return found;
}

/** @returns who asked for which operation */
function auditCreations(
  { users }: Evidence,
  known: ReadonlySet<string>,
): [ReadonlyMap<string, string>, Discrepancy[]] {
  const askedFor = new Map<string, string>();
  const found: Discrepancy[] = [];
  const creations = users.flatMap(({ user, creations: own }) => own.map((each) => ({ user, ...each })));
  for (const { user, key, operation, answer } of creations) {
    if (answer === 'unknown') found.push({ kind: 'creation', what: `${key} never got an answer` });
    if (operation === undefined) continue;
    if (askedFor.has(operation)) found.push({ kind: 'creation', what: `${operation} was made for two keys` });
    if (!known.has(operation)) {
      found.push({ kind: 'creation', what: `${operation} was answered as made, and is not there` });
    }
    askedFor.set(operation, user);
  }
  return [askedFor, found];
}

function auditRefunds(evidence: Evidence, entries: ReadonlyMap<string, LedgerFact>): Discrepancy[] {
  const stops = evidence.users.flatMap(({ stops: own }) => own);
  const stoppedByUs = new Set(
    stops.flatMap(({ operation, answer }) => (answer === 'stopped' ? [operation] : [])),
  );
  const unanswered = stops.filter(({ answer }) => answer === 'unknown');
  return [
    ...unanswered.map(({ operation }) => ({ kind: 'stop', what: `the stop of ${operation} got no answer` })),
    ...evidence.operations.flatMap((operation) => {
      const { id, stoppedAt } = operation;
      const entry = entries.get(`stop:${id}`);
      const [forRefusals, wrong] = auditRefusals(operation, evidence);
      if (stoppedAt !== undefined) {
        const forStop = { ...operation, refunded: (operation.refunded ?? 0) - forRefusals };
        return [...wrong, ...auditRefund(forStop, stoppedAt, evidence, entry)];
      }
      return [
        ...wrong,
        ...((operation.refunded ?? 0) === forRefusals
          ? []
          : [
              {
                kind: 'refund',
                what: `${id}: ${operation.refunded ?? 0} said, ${forRefusals} in the ledger`,
              },
            ]),
        ...(stoppedByUs.has(id)
          ? [{ kind: 'stop', what: `${id} was answered as stopped, and goes on` }]
          : []),
        ...(entry === undefined ? [] : [{ kind: 'refund', what: `${id} is paid back, and goes on` }]),
      ];
    }),
  ];
}

/**
 * docs/protocol.md, "What a refusal pays back": all that is not owed, and what counts is owed.
 * @returns what the ledger has of it, and what is wrong with that
 */
function auditRefusals(
  { id, owner, costPerRun }: OperationFact,
  { assignments, ledger }: Evidence,
): [number, Discrepancy[]] {
  const found: Discrepancy[] = [];
  let due = 0;
  for (const { operation, probe, state, due: runs, owed, received, failed } of assignments) {
    if (operation !== id || state !== 'refused') continue;
    if (owed === undefined || owed > runs || owed < received + failed)
      found.push({ kind: 'refund', what: `${id} ${probe}: refused, owes ${owed} of ${runs} runs` });
    due += (runs - (owed ?? runs)) * costPerRun;
  }
  const entries = ledger.filter(({ reference }) => reference.startsWith(`refused:${id}:`));
  const booked = entries.reduce((sum, { amount }) => sum + amount, 0);
  if (booked !== due || entries.some(({ user }) => user !== owner))
    found.push({ kind: 'refund', what: `${id}: ${booked} paid back for refusals instead of ${due}` });
  return [booked, found];
}

function auditRefund(
  operation: OperationFact,
  stoppedAt: number,
  { assignments, results }: Pick<Evidence, 'assignments' | 'results'>,
  entry: LedgerFact | undefined,
): Discrepancy[] {
  const { id, owner, refunded = 0 } = operation;
  const own = assignments.filter((assignment) => assignment.operation === id);
  const counted = results.filter((result) => result.operation === id && result.counted);
  const [least, most] = refundOf(operation, own, counted, stoppedAt);
  const found: Discrepancy[] = [];
  if (refunded < least || refunded > most) {
    const due = least === most ? String(least) : `${least} to ${most}`;
    found.push({ kind: 'refund', what: `${id}: ${refunded} paid back instead of ${due}` });
  }
  if ((entry?.amount ?? 0) !== refunded || (entry !== undefined && entry.user !== owner)) {
    found.push({ kind: 'refund', what: `${id}: ${String(entry?.amount)} in the ledger, ${refunded} said` });
  }
  return found;
}

/**
 * docs/protocol.md, "What a stop pays back". How many runs of a probe had come when it was stopped is not known afterwards: none, or
 * all that came to the end. It makes a difference only for those that came without being due.
 */
function refundOf(
  { schedule, spreadS, costPerRun }: OperationFact,
  assignments: readonly AssignmentFact[],
  counted: readonly ResultFact[],
  stoppedAt: number,
): [number, number] {
  let [least, most] = [0, 0];
  for (const { probe, state, due, received, failed, deliveredAt, deliveredOver } of assignments) {
    if (state !== 'stopped' || deliveredOver === 'classic') continue;
    const offsetMs = offsetOf(probe, spreadS);
    const begun = deliveredAt === undefined ? 0 : begunRuns(schedule, offsetMs, stoppedAt);
    // a run that fell due while the stop was under way may count, and is not paid back then
    const inTime = deliveredAt === undefined ? 0 : begunRuns(schedule, offsetMs, stoppedAt + STOPPING_MS);
    const counts = received + failed > 0 ? inTime : 0;
    // nor are those before one that counts, which a probe may have skipped that is not known to have been told
    const times = runTimes(schedule, offsetMs);
    const passed = counted
      .filter((result) => result.probe === probe)
      .map(({ code }) => times.indexOf(Date.parse(code)) + 1);
    least += Math.max(0, due - Math.max(begun, received + failed, counts, ...passed)) * costPerRun;
    most += Math.max(0, due - begun) * costPerRun;
  }
  return [least, most];
}

function auditGrants({ users, ledger }: Evidence): Discrepancy[] {
  return users.flatMap(({ user, grants }) => {
    const booked = ledger
      .filter((entry) => entry.user === user && entry.reason === 'grant')
      .map(({ amount }) => amount);
    return [...new Set([...booked, ...grants.map(({ amount }) => amount)])].flatMap((amount) => {
      const asked = grants.filter((grant) => grant.amount === amount);
      const count = booked.filter((each) => each === amount).length;
      const given = asked.filter(({ answer }) => answer === 'given').length;
      return count >= given && count <= asked.length
        ? []
        : [{ kind: 'grant', what: `${user} got ${amount} ${count} times, and was given it ${given} times` }];
    });
  });
}

/** The sum of the ledger is the balance, everywhere it is shown, and each entry goes on from where another ended. */
function auditBalances({ accounts, ledger }: Evidence): Discrepancy[] {
  const found: Discrepancy[] = [];
  for (const { user, balance, shown, statement } of accounts) {
    const own = ledger.filter((entry) => entry.user === user);
    const sum = own.reduce((total, { amount }) => total + amount, 0);
    const different = [...shown, statement, sum].some((each) => each !== balance);
    if (different || balance < 0) {
      const what = `${user}: balance ${balance}, ledger ${sum}, statement ${statement}, shown ${shown.join(', ')}`;
      found.push({ kind: 'balance', what });
    }
    if (!isChain(own, balance)) {
      found.push({
        kind: 'balance',
        what: `${user}: the balances in the ledger do not follow from each other`,
      });
    }
  }
  const known = new Set(accounts.map(({ user }) => user));
  for (const { user, reference } of ledger) {
    if (!known.has(user)) found.push({ kind: 'balance', what: `${reference} belongs to nobody` });
  }
  return found;
}

/** From 0 to the balance, through every entry once, in some order: each balance is left as often as it is reached. */
function isChain(entries: readonly LedgerFact[], balance: number): boolean {
  const open = new Map<number, number>([[0, 1]]);
  const add = (at: number, count: number): void => {
    open.set(at, (open.get(at) ?? 0) + count);
  };
  add(balance, -1);
  for (const { amount, balanceAfter } of entries) {
    add(balanceAfter, 1);
    add(balanceAfter - amount, -1);
  }
  return [...open.values()].every((count) => count === 0);
}
