import { type Schedule } from '../../../probe/src/protocol/protocol.js';

/** What the auditor is given: on one side what probes and users know that they did, on the other what the platform says. */
export interface Evidence {
  /** when the platform was asked, milliseconds since 1970 */
  at: number;
  /** milliseconds since 1970: the results, accounts and assignments are as they were then or a little later */
  readAt: number;
  probes: ProbeDiary[];
  users: UserDiary[];
  operations: OperationFact[];
  assignments: AssignmentFact[];
  results: ResultFact[];
  tail: TailFact;
  feeds: FeedFact[];
  changes: ChangesFact;
  ledger: LedgerFact[];
  accounts: AccountFact[];
  coverage: CoverageFact[];
  /** of each assignment of a native probe: its account in buckets of a second, which hold one run each */
  runFates: RunFates[];
  observations: Observation[];
  /** when mongod was killed: what was read just before may be undone, since it need not have been durable */
  databaseKills: number[];
}

export type Outcome = 'stored' | 'failed';
export type Answer = 'stored' | 'duplicate' | 'refused' | 'busy';

/** One wording of one run, and what the platform answered to it. */
export interface SentVersion {
  outcome: Outcome;
  /** SHA-256 of the bytes; of a failed run its reason */
  digest: string;
  answers: Partial<Record<Answer, number>>;
  /** so often it was sent and no answer came */
  unanswered: number;
  /** by the protocol it can never be stored */
  forbidden: boolean;
}

export interface SentRun {
  operation: string;
  /** the run's time, or the classic probe's own code */
  code: string;
  versions: SentVersion[];
}

/**
 * honest: does what it has to, whatever happens to its connection; amnesiac: an honest one that lost its disk;
 * liar: also sends what is not true
 */
export type Nature = 'honest' | 'amnesiac' | 'liar';

export interface ProbeDiary {
  probe: string;
  owner: string;
  protocol: 'native' | 'classic';
  nature: Nature;
  runs: SentRun[];
  /** operations that it has at the end */
  operations: string[];
  /** what it has still not delivered */
  kept: number;
  connected: boolean;
  /** what the platform did to it that docs/protocol.md does not allow */
  complaints: string[];
  /** after this it began no run; milliseconds since 1970 */
  restsFrom: number;
}

export interface UserDiary {
  user: string;
  /** one for each Idempotency-Key */
  creations: { key: string; operation: string | undefined; answer: 'made' | 'refused' | 'unknown' }[];
  stops: { operation: string; answer: 'stopped' | 'over' | 'unknown' }[];
  /** what a superuser gave; amounts are different, so that each can be found again */
  grants: { amount: number; answer: 'given' | 'unknown' }[];
}

export interface OperationFact {
  id: string;
  owner: string;
  schedule: Schedule;
  spreadS: number;
  costPerRun: number;
  runsPerProbe: number;
  credits: number;
  probes: number;
  stoppedAt: number | undefined;
  refunded: number | undefined;
  /** as the API says */
  progress: { due: number; received: number; failed: number };
  /** by the assignments, when the API said so: runs whose results came too early are counted when they are due */
  counted: CountedRuns;
  /** results that the API lists */
  listed: number;
}

/** Runs of one operation that are counted. */
export interface CountedRuns {
  received: number;
  failed: number;
}

export const FINAL_STATES = ['refused', 'stopped', 'done', 'expired'] as const;
export type State = 'pending' | 'delivered' | (typeof FINAL_STATES)[number];

export interface AssignmentFact {
  operation: string;
  probe: string;
  state: State;
  due: number;
  received: number;
  failed: number;
  /** reports that belong to no run */
  extra: number;
  /** runs that a stop or a refusal did not pay back; undefined: none was */
  owed?: number | undefined;
  deliveredAt: number | undefined;
  deliveredOver: string | undefined;
  endsAt: number;
}

/** What each probe has seen change, as text (sightingText). */
export interface ChangesFact {
  found: string[];
  /** by reading the results again */
  replayed: string[];
  /** results that changes name */
  results: string[];
}

/** What the results tail, and who reads it, made of the results. */
export interface TailFact {
  /** ids of results, as they follow each other */
  order: string[];
  /** by its consumer: the minutes of GET /api/v1/stats, all that there ever were */
  counted: Record<Outcome, number>;
  /** by the rollups of series: entries of summaries, of each probe of each operation that has any, and of all together (null) */
  rolledUp: { operation: string; probe: string | null; entries: number }[];
}

/** What somebody saw who followed an operation from its first result on. */
export interface FeedFact {
  operation: string;
  /** ids of results, as they came */
  results: string[];
  /** what it was told where it could not go on */
  lost: string[];
  connections: number;
}

export interface ResultFact {
  id: string;
  operation: string;
  probe: string;
  code: string;
  outcome: Outcome;
  digest: string;
  offSchedule: boolean;
  /** of its summary, where it is of a run: docs/data.md, "Series" */
  entries: number;
  /** as the database says */
  counted: boolean;
  receivedAt: number;
  paidBy: string | undefined;
}

export interface LedgerFact {
  user: string;
  amount: number;
  balanceAfter: number;
  reason: string;
  reference: string;
}

export interface AccountFact {
  user: string;
  balance: number;
  /** as the API says, by each server */
  shown: number[];
  /** the sum of the statement that the API gives */
  statement: number;
}

export type Fates = Record<string, number>;

interface Tally {
  due: number;
  fates: Fates;
}

interface Account extends Tally {
  planned: number;
  upcoming: number;
  extra: number;
}

/** An answer of `GET /api/v1/operations/{id}/coverage`, with all its probes. */
export interface CoverageFact extends Account {
  operation: string;
  at: number;
  buckets: Tally[];
  probes: (Account & { probe: string })[];
}

export interface RunFates {
  operation: string;
  probe: string;
  at: number;
  buckets: (Tally & { from: number })[];
}

/** Something that was asked while faults were injected. */
export interface Observation {
  askedAt: number;
  at: number;
  operation: string;
  coverage?: CoverageFact;
  /** results acknowledged as stored before it was asked */
  acknowledged?: number;
  /** by probe */
  states?: Record<string, State>;
}

export interface Discrepancy {
  kind: string;
  what: string;
}
