import { promises as dns } from 'node:dns';
import { setTimeout as delayFor } from 'node:timers/promises';
import { type ClockReader, GRAIN_MS, type Reading, readClock, stepBetween } from './clock.js';
import { exchange, NoReply, TIMED_OUT } from './exchange.js';
import { isUnbounded, type Kiss, kissOf, type NtpSample, sampleOf, whyUnusable } from './offset.js';

export interface TimeServer {
  /** a name or an address */
  host: string;
  port: number;
}

const SAMPLES = 4;
const BETWEEN_MS = 250;
const TIMEOUT_MS = 2_000;
/** A server that lets so many questions pass in silence is not asked again this time. */
const MOST_LOST = 2;
const MOST_ADDRESSES = 4;

/** Why there is no time, beyond the message. */
interface Cause {
  /** The server wants to be asked less often (`RATE`), or not at all (`DENY`, `RSTR`). */
  kiss?: Kiss | null;
  /** The server gives a time, and nobody can say how wrong it is. */
  unbounded?: boolean;
}

/** No usable answer came: the message says why. */
export class NoTime extends Error {
  readonly kiss: Kiss | null;
  readonly unbounded: boolean;

  constructor(message: string, { kiss = null, unbounded = false }: Cause = {}) {
    super(message);
    this.kiss = kiss;
    this.unbounded = unbounded;
  }
}

/** What is remembered of servers between two measurements: which of their addresses want to be left alone. */
export interface Wishes {
  mayAsk(address: string): boolean;
  /** @param kiss what the server at this address has asked for; null: it gave the time */
  heard(address: string, kiss: Kiss | null): void;
}

const NO_WISHES: Wishes = { mayAsk: () => true, heard: () => undefined };

/**
 * Asks a server for its time, several times, and takes the answer of least delay: it leaves least room for an error.
 * @throws NoTime when no usable answer came
 */
export async function measureOffset(
  clock: ClockReader,
  { host, port }: TimeServer,
  signal?: AbortSignal,
  wishes: Wishes = NO_WISHES,
): Promise<NtpSample> {
  const addresses = await dns.lookup(host, { all: true }).catch(() => {
    throw new NoTime(`${host} has no address`);
  });
  let problem = new NoTime(`${host} has no address`);
  for (const { address } of addresses.slice(0, MOST_ADDRESSES)) {
    if (!wishes.mayAsk(address)) {
      problem = new NoTime(`${host} gives no time: it does not want to be asked now`);
      continue;
    }
    try {
      return await measureAddress(clock, { host: address, port }, wishes, signal);
    } catch (error) {
      if (!(error instanceof NoTime)) throw error;
      problem = new NoTime(`${host} gives no time: ${error.message}`, error);
    }
  }
  throw problem;
}

/** @throws NoTime */
async function measureAddress(
  clock: ClockReader,
  server: TimeServer,
  wishes: Wishes,
  signal?: AbortSignal,
): Promise<NtpSample> {
  const { samples, ended } = await askOften(clock, server, signal);
  const kiss = ended instanceof NoTime ? ended.kiss : null;
  if (kiss !== null || samples.length > 0) wishes.heard(server.host, kiss);
  // One that finds this too often for its taste has said before what time it is.
  if (ended instanceof NoTime && (kiss !== 'RATE' || samples.length === 0)) throw ended;
  const best = leastDelay(samples, readClock(clock));
  if (best !== null) return best;
  throw new NoTime(samples.length > 0 ? 'this clock was set meanwhile' : (ended?.message ?? 'no answer'));
}

/** @returns what came, and why no more did */
async function askOften(
  clock: ClockReader,
  server: TimeServer,
  signal?: AbortSignal,
): Promise<{ samples: NtpSample[]; ended: NoReply | NoTime | null }> {
  const samples: NtpSample[] = [];
  let ended: NoReply | NoTime | null = null;
  let lost = 0;
  for (let count = 0; count < SAMPLES; count++) {
    if (count > 0) await pause(signal);
    const outcome = await ask(clock, server, signal);
    if (!(outcome instanceof Error)) {
      samples.push(outcome);
      continue;
    }
    ended = outcome;
    if (outcome.message !== TIMED_OUT || ++lost === MOST_LOST) break;
  }
  return { samples, ended };
}

async function ask(
  clock: ClockReader,
  { host, port }: TimeServer,
  signal?: AbortSignal,
): Promise<NtpSample | NoReply | NoTime> {
  try {
    const reply = await exchange({ address: host, port, timeoutMs: TIMEOUT_MS, clock, signal });
    const objection = whyUnusable(reply);
    if (objection === null) return sampleOf(reply);
    return new NoTime(objection, { kiss: kissOf(reply), unbounded: isUnbounded(objection) });
  } catch (error) {
    if (error instanceof NoReply) return error;
    throw error;
  }
}

/** Ends early when the signal is raised. */
async function pause(signal?: AbortSignal): Promise<void> {
  await delayFor(BETWEEN_MS, undefined, { ...(signal && { signal }) }).catch(() => undefined);
}

/** What was compared before the wall clock was set says nothing about it now. */
function leastDelay(samples: readonly NtpSample[], now: Reading): NtpSample | null {
  const valid = samples.filter(({ taken }) => Math.abs(stepBetween(taken, now)) <= 2 * GRAIN_MS);
  return valid.sort((a, b) => a.delay - b.delay)[0] ?? null;
}
