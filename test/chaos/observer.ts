import { setTimeout as delay } from 'node:timers/promises';
import { type CoverageFact, type Fates, type Observation, type State } from './audit/evidence.js';
import { type Random } from './random.js';
import { ask, type Registry } from './users.js';

interface TallyAnswer {
  due: number;
  fates: Fates;
}

interface AccountAnswer extends TallyAnswer {
  planned: number;
  upcoming: number;
  extra: number;
}

export interface CoverageAnswer extends AccountAnswer {
  at: string;
  buckets: (TallyAnswer & { from: string })[];
  probes: (AccountAnswer & { probe_id: string })[];
}

export function coverageFact(operation: string, { at, probes, ...answer }: CoverageAnswer): CoverageFact {
  return {
    ...answer,
    operation,
    at: Date.parse(at),
    probes: probes.map(({ probe_id, ...account }) => ({ probe: probe_id, ...account })),
  };
}

/** Asks for accounts of runs and states of assignments while everything breaks, at either server. */
export class Observer {
  readonly observations: Observation[] = [];
  readonly complaints: string[] = [];
  /** questions that nobody answered */
  unanswered = 0;

  constructor(
    private readonly servers: readonly string[],
    private readonly registry: Registry,
    private readonly random: Random,
    /** results of an operation that are acknowledged as stored by now */
    private readonly acknowledged: (operation: string) => number,
  ) {}

  async watch(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await delay(this.random.whole(100, 400));
      const { made } = this.registry;
      if (made.length === 0) continue;
      const { id, token } = this.random.pick(this.random.chance(0.8) ? made.slice(-12) : made);
      await this.look(id, token);
    }
  }

  private async look(operation: string, token: string): Promise<void> {
    const askedAt = Date.now();
    const acknowledged = this.acknowledged(operation);
    const path = `${this.random.pick(this.servers)}/api/v1/operations/${operation}`;
    const looksAtAccount = this.random.chance(0.6);
    if (looksAtAccount) {
      const answer = await this.get<CoverageAnswer>(`${path}/coverage?limit=1000`, token);
      if (answer === undefined) return;
      const coverage = coverageFact(operation, answer);
      this.observations.push({ askedAt, at: Date.now(), operation, coverage, acknowledged });
      return;
    }
    const answer = await this.get<{ items: { probe_id: string; state: State }[] }>(
      `${path}/assignments?limit=1000`,
      token,
    );
    if (answer === undefined) return;
    const states = Object.fromEntries(answer.items.map(({ probe_id, state }) => [probe_id, state]));
    this.observations.push({ askedAt, at: Date.now(), operation, states });
  }

  private async get<T>(url: string, token: string): Promise<T | undefined> {
    const answer = await ask<T>('GET', url, { token });
    if (answer?.status === 200) return answer.body;
    // it is there, and its owner asks
    if (answer !== undefined && answer.status < 500) this.complaints.push(`GET ${url}: ${answer.status}`);
    this.unanswered += 1;
    return undefined;
  }
}
