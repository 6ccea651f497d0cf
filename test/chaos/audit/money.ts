import {
  type AssignmentFact,
  type Discrepancy,
  type Evidence,
  type LedgerFact,
  type OperationFact,
} from './evidence.js';
import { begunRuns, offsetOf, pricedRuns } from './runs.js';

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
    ...auditGrants(evidence),
    ...auditBalances(evidence),
  ];
}

function auditEarnings(evidence: Evidence, entries: ReadonlyMap<string, LedgerFact>): Discrepancy[] {
  const owners = new Map(evidence.probes.map(({ probe, owner }) => [probe, owner]));
  const earned = new Map<string, number>();
  const found: Discrepancy[] = [];
  for (const { probe, operation, code, outcome, paidBy } of evidence.results) {
    const what = `${probe} ${operation} ${code}`;
    if (outcome === 'failed') {
      if (paidBy !== undefined) found.push({ kind: 'payment', what: `${what} failed, and was paid for` });
      continue;
    }
    const entry = paidBy === undefined ? undefined : entries.get(paidBy);
    if (entry === undefined || entry.reason !== 'results') {
      found.push({ kind: 'payment', what: `${what} was not paid for` });
    } else if (entry.user !== owners.get(probe)) {
      found.push({ kind: 'payment', what: `${what} was paid to somebody else` });
    } else {
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

/** Every operation was asked for by its owner, once, and has its price. */
function auditCharges(evidence: Evidence, entries: ReadonlyMap<string, LedgerFact>): Discrepancy[] {
  const found: Discrepancy[] = [];
  const asked = new Map<string, string>();
  for (const { user, creations } of evidence.users) {
    for (const { operation, answer, key } of creations) {
      if (answer === 'unknown') found.push({ kind: 'creation', what: `${key} never got an answer` });
      if (operation === undefined) continue;
      if (asked.has(operation)) found.push({ kind: 'creation', what: `${operation} was made for two keys` });
      asked.set(operation, user);
    }
  }
  const known = new Set(evidence.operations.map(({ id }) => id));
  for (const id of asked.keys()) {
    if (!known.has(id))
      found.push({ kind: 'creation', what: `${id} was answered as made, and is not there` });
  }
  for (const operation of evidence.operations) {
    const { id, owner, costPerRun, runsPerProbe, credits, probes } = operation;
    if (asked.get(id) !== owner)
      found.push({ kind: 'creation', what: `${id} was never asked for by its owner` });
    const price = costPerRun * pricedRuns(operation) * probes;
    if (credits !== price || runsPerProbe !== pricedRuns(operation)) {
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

function auditRefunds(evidence: Evidence, entries: ReadonlyMap<string, LedgerFact>): Discrepancy[] {
  const found: Discrepancy[] = [];
  const stoppedByUs = new Set(
    evidence.users.flatMap(({ stops }) =>
      stops.flatMap(({ operation, answer }) => (answer === 'stopped' ? [operation] : [])),
    ),
  );
  for (const operation of evidence.operations) {
    const { id, owner, stoppedAt, refunded = 0 } = operation;
    const entry = entries.get(`stop:${id}`);
    if (stoppedAt === undefined) {
      if (stoppedByUs.has(id))
        found.push({ kind: 'stop', what: `${id} was answered as stopped, and goes on` });
      if (entry !== undefined) found.push({ kind: 'refund', what: `${id} is paid back, and goes on` });
      continue;
    }
    const own = evidence.assignments.filter(({ operation: of }) => of === id);
    const [least, most] = refundOf(operation, own, stoppedAt);
    if (refunded < least || refunded > most) {
      const due = least === most ? String(least) : `${least} to ${most}`;
      found.push({ kind: 'refund', what: `${id}: ${refunded} paid back instead of ${due}` });
    }
    if ((entry?.amount ?? 0) !== refunded || (entry !== undefined && entry.user !== owner)) {
      found.push({ kind: 'refund', what: `${id}: ${String(entry?.amount)} in the ledger, ${refunded} said` });
    }
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
  stoppedAt: number,
): [number, number] {
  let [least, most] = [0, 0];
  for (const { probe, state, due, received, failed, deliveredAt, deliveredOver } of assignments) {
    if (state !== 'stopped' || deliveredOver === 'classic') continue;
    const begun = deliveredAt === undefined ? 0 : begunRuns(schedule, offsetOf(probe, spreadS), stoppedAt);
    least += Math.max(0, due - Math.max(begun, received + failed)) * costPerRun;
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
