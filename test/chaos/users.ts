import { setTimeout as delay } from 'node:timers/promises';
import { type UserDiary } from './audit/evidence.js';
import { type Random } from './random.js';

const ANSWER_MS = 8_000;
const PASSWORD = 'Correct-Horse-7';
const SETTLED_MS = 120_000;

export interface HttpAnswer<T> {
  status: number;
  body: T;
}

/** @returns undefined when no answer came: what was asked for may have been done, or not */
export async function ask<T>(
  method: string,
  url: string,
  {
    token,
    body,
    key,
    patienceMs = ANSWER_MS,
  }: { token?: string; body?: object; key?: string; patienceMs?: number } = {},
): Promise<HttpAnswer<T> | undefined> {
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  } catch {
    return undefined;
  }
}

/** The same of a platform that is well. @throws when the answer is none of those that are good */
export async function demand<T>(
  method: string,
  url: string,
  options: { token?: string; body?: object } = {},
): Promise<T> {
  const answer = await ask<T>(method, url, { ...options, patienceMs: 60_000 });
  if (answer === undefined || answer.status >= 300) {
    throw new Error(`${method} ${url}: ${JSON.stringify(answer)}`);
  }
  return answer.body;
}

export interface MadeOperation {
  id: string;
  probes: string[];
  token: string;
}

/** What all users have made, for those who look at it and those who lie about it. */
export class Registry {
  readonly made: MadeOperation[] = [];

  /** @returns operations, the latest, that a probe is not assigned to */
  foreignTo(probe: string): string[] {
    return this.made
      .slice(-20)
      .filter(({ probes }) => !probes.includes(probe))
      .map(({ id }) => id);
  }
}

/** Somebody who schedules measurements, at either server, asks again when no answer comes, and notes what was said. */
export class User {
  readonly diary: UserDiary;
  private readonly pending = new Set<Promise<void>>();
  private readonly whenAllIsWell: (() => Promise<void>)[] = [];
  private gaveUp = false;

  private constructor(
    readonly id: string,
    readonly token: string,
    private readonly servers: readonly string[],
    private readonly random: Random,
    private readonly registry: Registry,
  ) {
    this.diary = { user: id, creations: [], stops: [], grants: [] };
  }

  static async register(
    name: string,
    servers: readonly string[],
    random: Random,
    registry: Registry,
  ): Promise<User> {
    const account = { email: `${name}@example.org`, password: PASSWORD };
    const [url = ''] = servers;
    const { id } = await demand<{ id: string }>('POST', `${url}/api/v1/auth/register`, { body: account });
    return new User(id, await logIn(url, account), servers, random, registry);
  }

  /** @param body the same for every attempt */
  create(key: string, body: { probes: string[] }): void {
    this.inBackground(async () => {
      const creation: UserDiary['creations'][number] = { key, operation: undefined, answer: 'unknown' };
      this.diary.creations.push(creation);
      // now and then at both servers at once: one of them makes it
      const both = this.random.chance(0.2);
      const servers = both ? this.servers : [this.random.pick(this.servers)];
      const answers = await Promise.all(
        servers.map((server) =>
          this.untilAnswered<{ id: string }>('POST', () => `${server}/api/v1/operations`, { body, key }),
        ),
      );
      const noteMade = (made: typeof answers): void => {
        const first = made.find((answer) => answer?.status === 201);
        // another id is another operation: the auditor finds that nobody asked for it
        if (first === undefined) return;
        Object.assign(creation, { operation: first.body.id, answer: 'made' });
        this.registry.made.push({ id: first.body.id, probes: body.probes, token: this.token });
      };
      noteMade(answers);
      if (creation.answer === 'made' || answers.includes(undefined)) return;
      creation.answer = 'refused';
      // an attempt that nobody answered may be under way still, and an answer to a later one says nothing about it
      this.whenAllIsWell.push(async () => {
        noteMade([
          await this.untilAnswered('POST', () => `${this.random.pick(this.servers)}/api/v1/operations`, {
            body,
            key,
          }),
        ]);
      });
    });
  }

  stop(operation: string): void {
    this.inBackground(async () => {
      const stop: UserDiary['stops'][number] = { operation, answer: 'unknown' };
      this.diary.stops.push(stop);
      const answer = await this.untilAnswered<{ state: string }>(
        'DELETE',
        () => `${this.random.pick(this.servers)}/api/v1/operations/${operation}`,
      );
      if (answer?.status === 200) stop.answer = answer.body.state === 'stopped' ? 'stopped' : 'over';
    });
  }

  /** A superuser gives credits; it is asked once, since it would be given twice. */
  async grant(amount: number, superuser: string): Promise<void> {
    const grant: UserDiary['grants'][number] = { amount, answer: 'unknown' };
    this.diary.grants.push(grant);
    const url = `${this.random.pick(this.servers)}/api/v1/users/${this.id}/credits`;
    const answer = await ask('POST', url, { token: superuser, body: { credits: amount } });
    if (answer?.status === 200) grant.answer = 'given';
  }

  /** Waits for all answers. */
  async settle(): Promise<void> {
    const late = delay(SETTLED_MS, undefined, { ref: false }).then(() => {
      this.gaveUp = true;
    });
    await Promise.race([Promise.all(this.pending), late]);
    await Promise.all(this.pending);
    for (const ask of this.whenAllIsWell) await ask();
  }

  private async untilAnswered<T>(
    method: string,
    url: () => string,
    more: { body?: object; key?: string } = {},
  ): Promise<HttpAnswer<T> | undefined> {
    while (!this.gaveUp) {
      const answer = await ask<T>(method, url(), { token: this.token, ...more });
      // a 5xx says nothing about what was done
      if (answer !== undefined && answer.status < 500) return answer;
      await delay(this.random.whole(200, 1_000));
    }
    return undefined;
  }

  private inBackground(work: () => Promise<void>): void {
    const working = work().finally(() => this.pending.delete(working));
    this.pending.add(working);
  }
}

export async function logIn(url: string, account: { email: string; password: string }): Promise<string> {
  const { access_token } = await demand<{ access_token: string }>('POST', `${url}/api/v1/auth/login`, {
    body: account,
  });
  return access_token;
}
