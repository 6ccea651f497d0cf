import { setTimeout as delay } from 'node:timers/promises';
import { type KindName } from '../../src/measurement/kinds/index.js';
import { type Random } from './random.js';
import { type Registry, type User } from './users.js';

/** Operations that are there from the start. */
const AT_ONCE = 6;

const KINDS: Record<string, object> = {
  ping: { ips: ['192.0.2.1'] },
  traceroute: { ips: ['192.0.2.1', '192.0.2.2'] },
  dns: { fqdns: ['example.org'] },
  http: { urls: ['https://example.org/'] },
  tls: { fqdns: ['example.org'] },
  ntp: { fqdns: ['time.example.org'] },
  mtr: { ips: ['192.0.2.1'] },
} satisfies Record<KindName, object>;

/** One thing that somebody does. */
type Deed =
  | { does: 'create'; kind: string; schedule: PlannedSchedule; probes: number; classic: boolean; ms: number }
  /** one of the operations that were made before: the so-many-th of those that there are */
  | { does: 'stop'; place: number }
  | { does: 'grant'; amount: number };

type PlannedSchedule =
  | { type: 'once'; spread_s?: number }
  | { type: 'interval'; every_s: number; spread_s?: number }
  | { type: 'cron'; cron: string; times_per_minute: number; spread_s?: number };

interface PlannedDeed {
  at: number;
  user: number;
  deed: Deed;
}

/** What users do and when, from the seed alone. */
export function planWork(random: Random, seconds: number, users: number): PlannedDeed[] {
  const planned: PlannedDeed[] = [];
  let amount = 1_000;
  const end = seconds * 1_000;
  // some at once, or nothing would be under way when the faults come
  for (let at = 0; at < end; at += planned.length < AT_ONCE ? 0 : random.whole(500, 5_000)) {
    const what = planned.length < AT_ONCE ? 'create' : random.weighted({ create: 6, stop: 2, grant: 1 });
    amount += 1;
    const deed: Deed =
      what === 'create'
        ? drawCreation(random, end)
        : what === 'stop'
          ? { does: 'stop', place: random.next() }
          : { does: 'grant', amount };
    planned.push({ at, user: random.whole(0, users - 1), deed });
  }
  return planned;
}

function drawCreation(random: Random, mostMs: number): Deed {
  const type = random.weighted({ interval: 6, once: 2, cron: 2 });
  const classic = type === 'cron' && random.chance(0.7);
  const schedule: PlannedSchedule =
    type === 'once'
      ? { type }
      : type === 'interval'
        ? { type, every_s: random.pick([1, 1, 2, 3, 5]) }
        : {
            type,
            cron: random.pick(['* * * * *', '*/2 * * * *']),
            times_per_minute: random.pick([1, 6, 12, 30]),
          };
  // classic probes do not know it, and would refuse nothing: they do their runs without
  if (!classic && random.chance(0.3)) schedule.spread_s = type === 'interval' ? 1 : random.whole(1, 20);
  const kinds = classic ? ['ping', 'traceroute', 'dns'] : Object.keys(KINDS);
  return {
    does: 'create',
    kind: random.pick(kinds),
    schedule,
    probes: random.whole(2, 14),
    classic,
    // not less, or the time would be over when it is asked for a second time
    ms: random.whole(20_000, Math.max(40_000, Math.min(120_000, mostMs))),
  };
}

export interface Cast {
  users: readonly User[];
  natives: readonly string[];
  classics: readonly string[];
  registry: Registry;
  superuser: string;
}

/** Lets users do what was planned. */
export async function doWork(
  plan: readonly PlannedDeed[],
  cast: Cast,
  random: Random,
  end: AbortSignal,
): Promise<void> {
  const start = performance.now();
  const grants: Promise<void>[] = [];
  for (const [index, { at, user: place, deed }] of plan.entries()) {
    await delay(Math.max(0, at - (performance.now() - start)), undefined, { signal: end });
    const user = cast.users[place];
    if (user === undefined) continue;
    if (deed.does === 'grant') grants.push(user.grant(deed.amount, cast.superuser));
    else if (deed.does === 'create') user.create(`chaos-${index}`, bodyOf(deed, cast, random));
    else stopOne(deed.place, user, cast);
  }
  await Promise.all(grants);
}

function stopOne(place: number, user: User, { registry }: Cast): void {
  const own = registry.made.filter(({ token }) => token === user.token);
  // rather a late one: it goes on still
  const chosen = own[Math.floor(Math.sqrt(place) * own.length)];
  if (chosen !== undefined) user.stop(chosen.id);
}

function bodyOf(deed: Extract<Deed, { does: 'create' }>, { natives, classics }: Cast, random: Random) {
  const { kind, schedule, classic, ms, probes } = deed;
  const stop = new Date(Date.now() + ms).toISOString();
  return {
    kind,
    params: KINDS[kind],
    schedule: schedule.type === 'once' ? schedule : { ...schedule, stop },
    probes: [...random.sample(natives, probes), ...(classic ? random.sample(classics, 2) : [])],
    visibility: random.chance(0.2) ? 'private' : 'public',
  };
}
