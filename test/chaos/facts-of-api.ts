import { type Schedule } from '../../probe/src/protocol/protocol.js';
import { type TestDatabase } from '../support/database.js';
import {
  type AccountFact,
  type AssignmentFact,
  type CoverageFact,
  type OperationFact,
  type RunFates,
} from './audit/evidence.js';
import { coverageFact, type CoverageAnswer } from './observer.js';
import { demand, type User } from './users.js';
import { standingOf, whileStill } from './while-still.js';

interface OperationAnswer {
  id: string;
  owner_id: string;
  schedule: Schedule & { spread_s?: number };
  cost_per_run: number;
  runs_per_probe: number;
  credits: number;
  refunded: number | null;
  probe_count: number;
  progress: { due: number; received: number; failed: number };
  stopped_at: string | null;
}

export interface FactsOfOperations {
  operations: OperationFact[];
  coverage: CoverageFact[];
  runFates: RunFates[];
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** What the platform says by its API, at each of its servers in turn. */
export class FactsOfApi {
  private readonly tokens: Map<string, string>;
  private asked = 0;

  constructor(
    private readonly servers: readonly string[],
    users: readonly User[],
    private readonly database: Pick<TestDatabase, 'collection'>,
  ) {
    this.tokens = new Map(users.map(({ id, token }) => [id, token]));
  }

  /** A superuser who owns nothing has no token here: what the database says is all that there is. */
  async account({ user, balance }: { user: string; balance: number }): Promise<AccountFact> {
    const token = this.tokens.get(user);
    if (token === undefined) return { user, balance, shown: [], statement: balance };
    const shown = await Promise.all(
      this.servers.map((server) =>
        demand<{ credits: number }>('GET', `${server}/api/v1/users/me`, { token }),
      ),
    );
    const entries = await this.pages<{ amount: number }>('/api/v1/users/me/ledger?limit=1000', token);
    return {
      user,
      balance,
      shown: shown.map(({ credits }) => credits),
      statement: entries.reduce((sum, { amount }) => sum + amount, 0),
    };
  }

  async operations(
    owners: readonly { id: string; owner: string }[],
    assignments: readonly AssignmentFact[],
    natives: ReadonlySet<string>,
  ): Promise<FactsOfOperations> {
    const operations: OperationFact[] = [];
    const coverage: CoverageFact[] = [];
    const runFates: RunFates[] = [];
    for (const { id, owner } of owners) {
      const token = this.tokens.get(owner) ?? '';
      const path = `/api/v1/operations/${id}`;
      const account = `${path}/coverage?limit=1000`;
      operations.push(await this.operation(id, path, token));
      coverage.push(coverageFact(id, await this.get<CoverageAnswer>(account, token)));
      for (const { operation, probe } of assignments) {
        if (operation !== id || !natives.has(probe)) continue;
        const { at, buckets } = await this.get<CoverageAnswer>(`${account}&probe=${probe}&bucket_s=1`, token);
        runFates.push({
          operation: id,
          probe,
          at: Date.parse(at),
          buckets: buckets.map((bucket) => ({ ...bucket, from: Date.parse(bucket.from) })),
        });
      }
    }
    return { operations, coverage, runFates };
  }

  private async operation(id: string, path: string, token: string): Promise<OperationFact> {
    const { counted, read: answer } = await whileStill(
      () => standingOf(this.database, id),
      () => this.get<OperationAnswer>(path, token),
    );
    const listed = await this.pages<unknown>(`${path}/results?limit=1000`, token);
    return {
      id: answer.id,
      owner: answer.owner_id,
      schedule: answer.schedule,
      spreadS: answer.schedule.spread_s ?? 0,
      costPerRun: answer.cost_per_run,
      runsPerProbe: answer.runs_per_probe,
      credits: answer.credits,
      probes: answer.probe_count,
      stoppedAt: answer.stopped_at === null ? undefined : Date.parse(answer.stopped_at),
      refunded: answer.refunded ?? undefined,
      progress: answer.progress,
      counted,
      listed: listed.length,
    };
  }

  private async pages<T>(path: string, token: string): Promise<T[]> {
    const all: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page<T> = await this.get(cursor === '' ? path : `${path}&cursor=${cursor}`, token);
      all.push(...page.items);
      cursor = page.next;
    }
    return all;
  }

  /** At each server in turn. */
  private get<T>(path: string, token: string): Promise<T> {
    this.asked += 1;
    return demand<T>('GET', `${this.servers[this.asked % this.servers.length] ?? ''}${path}`, { token });
  }
}
