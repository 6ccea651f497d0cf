import { type Way } from '../support/toxic-proxy.js';
import { type Random } from './random.js';

export const LINKS = ['mongod', 'redis', 'probes'] as const;
export type Link = (typeof LINKS)[number];

interface ProcessFault {
  /** of the two servers; of no meaning for a process that there is once */
  server: 0 | 1;
  /** away or frozen for so long */
  ms: number;
}

interface LinkFault {
  link: Link;
  server: 0 | 1;
  /** of the connections */
  share: number;
  ms: number;
}

/** Something that is done to the platform. */
export type Fault =
  | ({ kind: 'server killed' | 'server stopped' | 'server frozen' } & ProcessFault)
  | ({ kind: 'mongod killed' | 'mongod frozen' | 'redis killed' | 'redis frozen' } & ProcessFault)
  | ({ kind: 'cut' | 'refused' } & LinkFault)
  | ({ kind: 'delayed'; delayMs: number; jitterMs: number } & LinkFault)
  | ({ kind: 'trickle'; bytesPerS: number } & LinkFault)
  | ({ kind: 'held back' | 'half-open'; way: Way | 'both' } & LinkFault);

export type FaultKind = Fault['kind'];

export interface PlannedFault {
  /** milliseconds after the one before it has begun */
  afterMs: number;
  /** it waits until both servers are well again; else it comes on top of what is wrong already */
  whenWell: boolean;
  fault: Fault;
}

/** How often each is dealt in one round: of a round none is left out, in whatever order. */
const ROUND: Record<FaultKind, number> = {
  'server killed': 3,
  'server stopped': 2,
  'server frozen': 2,
  'mongod killed': 2,
  'mongod frozen': 2,
  'redis killed': 1,
  'redis frozen': 1,
  cut: 5,
  refused: 1,
  delayed: 3,
  trickle: 3,
  'held back': 2,
  'half-open': 4,
};

/** So much is begun by then that there is something to lose. */
const FIRST_AFTER_MS = 3_000;
const GAP_MS = { least: 300, most: 3_500 };
/** How many come on top of others. */
const ON_TOP = 0.3;

/**
 * What is done, and in which order: from the seed alone, so that the same seed does the same again, whatever comes of it. How
 * many of them fit into the time depends on how fast the platform gets well again.
 */
export function* planFaults(random: Random): Generator<PlannedFault, never> {
  let afterMs = FIRST_AFTER_MS;
  for (;;) {
    for (const kind of shuffledRound(random)) {
      yield { afterMs, whenWell: !random.chance(ON_TOP), fault: drawFault(kind, random) };
      afterMs = random.whole(GAP_MS.least, GAP_MS.most);
    }
  }
}

/** @returns what cannot be in two such states at once; undefined: a network, which can */
export function processOf(fault: Fault): string | undefined {
  if ('link' in fault) return undefined;
  return fault.kind.startsWith('server') ? `server ${fault.server}` : fault.kind.split(' ')[0];
}

function shuffledRound(random: Random): FaultKind[] {
  const all = Object.entries(ROUND).flatMap(([kind, count]) =>
    Array<FaultKind>(count).fill(kind as FaultKind),
  );
  return random.sample(all, all.length);
}

function drawFault(kind: FaultKind, random: Random): Fault {
  const server = random.whole(0, 1) as 0 | 1;
  switch (kind) {
    case 'server killed':
    case 'server stopped':
      return { kind, server, ms: random.whole(0, 4_000) };
    case 'server frozen':
      return { kind, server, ms: random.whole(1_000, 9_000) };
    case 'mongod killed':
    case 'redis killed':
      return { kind, server, ms: random.whole(0, 3_000) };
    case 'mongod frozen':
    case 'redis frozen':
      return { kind, server, ms: random.whole(1_000, 7_000) };
    default:
      return drawLinkFault(kind, server, random);
  }
}

type LinkFaultKind = Extract<Fault, { link: Link }>['kind'];

function drawLinkFault(kind: LinkFaultKind, server: 0 | 1, random: Random): Fault {
  const link = random.weighted({ mongod: 3, redis: 1, probes: 4 });
  const share = random.pick([0.2, 0.5, 1]);
  const met = { link, server, share, ms: random.whole(1_000, 8_000) };
  switch (kind) {
    case 'cut':
      return { kind, ...met, ms: 0 };
    case 'refused':
      return { kind, ...met, share: 1 };
    case 'delayed':
      return { kind, ...met, delayMs: random.whole(20, 800), jitterMs: random.whole(0, 500) };
    case 'trickle':
      return { kind, ...met, bytesPerS: random.whole(500, 20_000) };
    default:
      return { kind, ...met, way: random.pick(['up', 'down', 'both'] as const) };
  }
}

/** In a line of a log. */
export function describeFault(fault: Fault): string {
  if (!('link' in fault)) {
    const who = fault.kind.startsWith('server')
      ? fault.kind.replace('server', `server ${fault.server + 1}`)
      : fault.kind;
    return `${who}, for ${fault.ms} ms`;
  }
  const { kind, link, server, share, ms, ...more } = fault;
  const figures = Object.entries(more).map(([name, value]) => `, ${name} ${String(value)}`);
  const where = link === 'probes' ? `probes to server ${server + 1}` : `server ${server + 1} to ${link}`;
  return `${where}: ${kind}${figures.join('')}, ${share * 100} % of connections${ms > 0 ? `, for ${ms} ms` : ''}`;
}
