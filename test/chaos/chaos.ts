import { setTimeout as delay } from 'node:timers/promises';
import { runSuperuser } from '../support/server.js';
import { until } from '../support/until.js';
import { audit } from './audit/audit.js';
import { type Discrepancy, type Evidence, type Nature } from './audit/evidence.js';
import { auditPresence } from './audit/results.js';
import { collectFacts, untilDelivered, withConnections } from './collect.js';
import { Conductor } from './conductor.js';
import { Followers } from './followers.js';
import { Observer } from './observer.js';
import { planFaults } from './plan.js';
import { ClassicChaosProbe } from './probes/classic.js';
import { ChaosProbe } from './probes/native.js';
import { Random } from './random.js';
import { demand, logIn, Registry, User } from './users.js';
import { doWork, planWork } from './work.js';
import { World } from './world.js';

const USERS = 8;
const NATIVES = 50;
const CLASSICS = 4;
/** Native probes that leave in the middle, and do not come back. */
const LEAVE = 6;
const TICK_MS = 200;
const SUPERUSER = { email: 'root@example.org', password: 'Super-User-1' };
/** Until when everybody has to know who is connected: the lease of a server, and the round that looks at it. */
const PRESENCE_MS = 100_000;

export interface ChaosOptions {
  /** during which faults are injected */
  seconds: number;
  seed: number;
  log: (line: string) => void;
}

export interface ChaosReport {
  faults: Record<string, number>;
  evidence: Evidence;
  discrepancies: Discrepancy[];
  figures: Record<string, number>;
  /** what each server has said */
  logs: Record<string, string[]>;
}

type AnyProbe = ChaosProbe | ClassicChaosProbe;

/**
 * Breaks everything for a while, heals it, and asks whether anything was lost.
 * @param stop ends it before its time, and everything that it has started
 */
export async function runChaos(options: ChaosOptions, stop?: AbortSignal): Promise<ChaosReport> {
  const ending: (() => Promise<void>)[] = [];
  const stopped = new Promise<never>((_resolve, reject) => {
    stop?.addEventListener('abort', () => {
      reject(new Error('stopped before its time'));
    });
  });
  const running = new Chaos(options, ending).run();
  try {
    return await Promise.race([running, stopped]);
  } finally {
    // what is taken away from under it is no news
    running.catch(() => undefined);
    for (const end of ending.reverse()) await end();
  }
}

class Chaos {
  private readonly random: Random;
  private readonly registry = new Registry();
  private readonly started = performance.now();

  constructor(
    private readonly options: ChaosOptions,
    private readonly ending: (() => Promise<void>)[],
  ) {
    this.random = new Random(options.seed);
  }

  async run(): Promise<ChaosReport> {
    const { seconds } = this.options;
    const world = await World.start(this.random.branch('world'), this.ending);
    const servers = world.servers.map(({ url }) => url);
    this.say(`a mongod, a Redis, two servers: ${servers.join(' ')}`);
    await runSuperuser(world.env, SUPERUSER.email, SUPERUSER.password);
    const superuser = await logIn(servers[0] ?? '', SUPERUSER);
    const users = await this.enlist(servers, superuser);
    const doors = world.networks.probes.map(({ port }) => `http://127.0.0.1:${port}`);
    const [natives, classics] = await this.register(servers[0] ?? '', users, doors);
    const probes: AnyProbe[] = [...natives, ...classics];
    for (const probe of probes) probe.start();
    this.ending.push(async () => {
      await Promise.all(probes.map((probe) => probe.leave()));
    });
    const ticking = setInterval(() => {
      for (const probe of probes) probe.tick(Date.now());
    }, TICK_MS);
    this.ending.push(() => {
      clearInterval(ticking);
      return Promise.resolve();
    });

    const plan = planFaults(this.random.branch('faults'));
    const conductor = new Conductor(world, plan, (line) => {
      this.say(line);
    });
    const observer = new Observer(servers, this.registry, this.random.branch('observer'), (operation) =>
      natives.reduce((sum, { diary }) => sum + (diary.acknowledged.get(operation) ?? 0), 0),
    );
    this.say(`${natives.length} native and ${classics.length} classic probes; faults for ${seconds} s`);
    const end = new AbortController();
    this.ending.push(() => {
      conductor.halt();
      end.abort();
      return Promise.resolve();
    });
    const cast = {
      users,
      natives: natives.map((probe) => probe.tell().probe),
      classics: classics.map((probe) => probe.tell().probe),
      registry: this.registry,
      superuser,
    };
    const work = planWork(this.random.branch('work'), seconds, USERS);
    const watching = observer.watch(end.signal);
    const followers = new Followers(servers, this.registry, this.random.branch('followers'));
    const unfollow = new AbortController();
    this.ending.push(() => {
      unfollow.abort();
      return followers.ended();
    });
    followers.begin(unfollow.signal);
    await Promise.all([
      conductor.play(seconds, end.signal),
      doWork(work, cast, this.random.branch('choices'), end.signal),
      this.leaveInTheMiddle(natives, end.signal),
    ]);

    this.say('no more faults; everything is healed');
    await conductor.heal();
    const restsFrom = Date.now();
    for (const probe of probes) probe.rest(restsFrom);
    const discrepancies = await this.settle(world, users, probes);
    end.abort();
    await watching;
    discrepancies.push(...(await this.presence(world, probes)));
    this.say('asking the platform for its account');
    const facts = await collectFacts(servers, world.databaseUri, users, new Set(cast.natives));
    const evidence: Evidence = {
      at: Date.now(),
      probes: probes.map((probe) => probe.tell()),
      users: users.map(({ diary }) => diary),
      observations: observer.observations,
      databaseKills: world.mongod.kills,
      ...facts,
      feeds: await followers.settle(facts.results),
    };
    discrepancies.push(
      ...[...conductor.complaints, ...observer.complaints].map((what) => ({ kind: 'server', what })),
      ...audit(evidence),
    );
    return {
      faults: Object.fromEntries(conductor.injected),
      evidence,
      discrepancies,
      figures: {
        ...figuresOf(probes, observer, world),
        'results that followers saw': evidence.feeds.reduce((sum, { results }) => sum + results.length, 0),
        'connections of followers': evidence.feeds.reduce((sum, { connections }) => sum + connections, 0),
      },
      logs: Object.fromEntries(world.servers.map(({ name, log }) => [name, log])),
    };
  }

  private async enlist(servers: readonly string[], superuser: string): Promise<User[]> {
    const users: User[] = [];
    for (let index = 0; index < USERS; index += 1) {
      const random = this.random.branch(`user ${index}`);
      const user = await User.register(`user-${index}`, servers, random, this.registry);
      // one of them is poor, and will be told so
      await user.grant(index === 0 ? 3_000 : 5_000_000 + index, superuser);
      users.push(user);
    }
    return users;
  }

  private async register(
    server: string,
    users: readonly User[],
    doors: readonly string[],
  ): Promise<[ChaosProbe[], ClassicChaosProbe[]]> {
    const others = (probe: string): string[] => this.registry.foreignTo(probe);
    const natives: ChaosProbe[] = [];
    const classics: ClassicChaosProbe[] = [];
    for (let index = 0; index < NATIVES + CLASSICS; index += 1) {
      const user = users[index % users.length];
      if (user === undefined) continue;
      const who = await demand<{ id: string; token: string }>('POST', `${server}/api/v1/probes`, {
        token: user.token,
        body: { location: { longitude: index, latitude: 1 } },
      });
      const random = this.random.branch(`probe ${index}`);
      const identity = { id: who.id, token: who.token, owner: user.id, nature: natureOf(random) };
      if (index < NATIVES) natives.push(new ChaosProbe(identity, doors, random, others));
      else classics.push(new ClassicChaosProbe(identity, doors, random));
    }
    return [natives, classics];
  }

  /** Also while the database is away: they must not be shown as connected for ever. */
  private async leaveInTheMiddle(natives: readonly ChaosProbe[], end: AbortSignal): Promise<void> {
    const random = this.random.branch('leaving');
    for (const probe of random.sample(natives, LEAVE)) {
      await delay((this.options.seconds * 1_000 * random.next()) / LEAVE, undefined, { signal: end });
      await probe.leave();
    }
  }

  /** One after the other: what a user asks for last still has to reach the probes, and what reaches them makes runs. */
  private async settle(
    world: World,
    users: readonly User[],
    probes: readonly AnyProbe[],
  ): Promise<Discrepancy[]> {
    const natives = probes.map((probe) => probe.tell()).filter(({ protocol }) => protocol === 'native');
    const here = natives.filter(({ connected }) => connected).map(({ probe }) => probe);
    const steps = [
      () => users.map((user) => user.settle()),
      () => [untilDelivered(world.databaseUri, here)],
      () => probes.map((probe) => probe.settle()),
    ];
    const found: Discrepancy[] = [];
    for (const step of steps) {
      for (const outcome of await Promise.allSettled(step())) {
        if (outcome.status === 'rejected') found.push({ kind: 'not settled', what: String(outcome.reason) });
      }
    }
    return found;
  }

  private async presence(world: World, probes: readonly AnyProbe[]): Promise<Discrepancy[]> {
    const servers = world.servers.map(({ url }) => url);
    const truth = probes.map((probe) => probe.tell());
    let found: ReturnType<typeof auditPresence> = [];
    const look = async (): Promise<boolean> => {
      const shown = await Promise.all(
        servers.map(async (server) => {
          const all = await demand<{ identifier: string; connected: boolean }[]>('GET', `${server}/probes`);
          const connected = all.filter((probe) => probe.connected).map(({ identifier }) => identifier);
          return { server, connected: new Set(connected) };
        }),
      );
      found = auditPresence(truth, shown);
      return found.length === 0;
    };
    await until('everybody to know who is connected', look, PRESENCE_MS).catch(() => undefined);
    return withConnections(world.databaseUri, found);
  }

  private say(line: string): void {
    const at = ((performance.now() - this.started) / 1_000).toFixed(1);
    this.options.log(`[${at.padStart(6)} s] ${line}`);
  }
}

function natureOf(random: Random): Nature {
  return random.weighted({ honest: 6, amnesiac: 2, liar: 2 });
}

function figuresOf(probes: readonly AnyProbe[], observer: Observer, world: World): Record<string, number> {
  const sum = (of: (probe: AnyProbe) => number): number => probes.reduce((all, probe) => all + of(probe), 0);
  return {
    'runs sent, repeated ones too': sum(({ diary }) => diary.sent),
    'answered stored': sum(({ diary }) => diary.answers.stored),
    'answered duplicate (and all of classic probes)': sum(({ diary }) => diary.answers.duplicate),
    'answered refused': sum(({ diary }) => diary.answers.refused),
    'answered busy': sum(({ diary }) => diary.answers.busy),
    'of them lies': sum(({ diary }) => diary.lies),
    'connections of probes': sum(({ connections }) => connections),
    'connections reset by the networks': world.damage.resets,
    'bytes lost by the networks': world.damage.swallowedBytes,
    'starts of servers': world.servers.reduce((all, { starts }) => all + starts, 0),
    'accounts and states asked for on the way': observer.observations.length,
    'and not answered': observer.unanswered,
  };
}
