import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import type { Timeval } from './types.js';

/** Mercator: a common source address of port unreachable messages. */
export interface Mercator {
  name: 'mercator';
  attempts: number;
  wait_timeout_s: number;
}

/** Ally: a common sequence of IP identifiers of two addresses. */
export interface Ally {
  name: 'ally';
  wait_probe_ms: number;
  wait_timeout_s: number;
  attempts: number;
  /** Identifiers further apart than this are of different counters. */
  fudge: number;
  flags: number;
}

/** RadarGun: common sequences of IP identifiers among many addresses. */
export interface Radargun {
  name: 'radargun';
  definition_count: number;
  attempts: number;
  wait_probe_ms: number;
  wait_round_ms: number;
  wait_timeout_s: number;
  flags: number;
}

/** Prefixscan: which address of a prefix is on the near router. */
export interface Prefixscan {
  name: 'prefixscan';
  a: Address;
  b: Address;
  /** The alias of `a` that was found in the prefix of `b`. */
  ab: Address | undefined;
  /** Addresses that were left out. */
  excluded: Address[];
  prefix_length: number;
  attempts: number;
  fudge: number;
  wait_probe_ms: number;
  wait_timeout_s: number;
  definition_count: number;
  flags: number;
  reply_count: number;
}

/** Bump: whether probing one address moves the IP identifiers of the other. */
export interface Bump {
  name: 'bump';
  wait_probe_ms: number;
  bump_limit: number;
  attempts: number;
}

/** MIDAR, estimation: how fast the IP identifiers of each address advance (since scamper 20240117). */
export interface Midarest {
  name: 'midarest';
  definition_count: number;
  rounds: number;
  wait_probe_us: number;
  wait_round_us: number;
  wait_timeout_us: number;
}

/** When the probes of a range of definitions are sent, from the start on. */
export interface MidardiscSlot {
  after: Timeval;
  first_definition: number;
  last_definition: number;
}

/** MIDAR, discovery: probes in the order of a schedule (since scamper 20240117). */
export interface Midardisc {
  name: 'midardisc';
  definition_count: number;
  wait_timeout_us: number;
  schedule: MidardiscSlot[];
  start_at: Timeval | undefined;
}

export type DealiasMethod = Mercator | Ally | Radargun | Prefixscan | Bump | Midarest | Midardisc;

/** Replies that prefixscan wants if the record does not say. */
const DEFAULT_REPLY_COUNT = 5;

/** The parameters of method 1 to 7. @internal */
export function readDealiasMethod(reader: Reader, method: number): DealiasMethod {
  switch (method) {
    case 1:
      return readMercator(reader);
    case 2:
      return readAlly(reader);
    case 3:
      return readRadargun(reader);
    case 4:
      return readPrefixscan(reader);
    case 5:
      return readBump(reader);
    case 6:
      return readMidarest(reader);
    case 7:
      return readMidardisc(reader);
    default:
      return reader.fail('malformed', `dealias method ${method}`);
  }
}

function readMercator(reader: Reader): Mercator {
  const mercator: Mercator = { name: 'mercator', attempts: 0, wait_timeout_s: 0 };
  readParameters(reader, mercator, (_, target, id) => {
    if (id === 1) target.attempts = reader.u8();
    else if (id === 2) target.wait_timeout_s = reader.u8();
    else return false;
    return true;
  });
  return mercator;
}

function readAlly(reader: Reader): Ally {
  const ally: Ally = { name: 'ally', wait_probe_ms: 0, wait_timeout_s: 0, attempts: 0, fudge: 0, flags: 0 };
  readParameters(reader, ally, (_, target, id) => {
    if (id === 1) target.wait_probe_ms = reader.u16();
    else if (id === 2) target.wait_timeout_s = reader.u8();
    else if (id === 3) target.attempts = reader.u8();
    else if (id === 4) target.fudge = reader.u16();
    else if (id === 5) target.flags = reader.u8();
    else return false;
    return true;
  });
  return ally;
}

function readRadargun(reader: Reader): Radargun {
  const radargun: Radargun = {
    name: 'radargun',
    definition_count: 0,
    attempts: 0,
    wait_probe_ms: 0,
    wait_round_ms: 0,
    wait_timeout_s: 0,
    flags: 0,
  };
  readParameters(reader, radargun, (_, target, id) => {
    if (id === 1) target.definition_count = reader.u32();
    else if (id === 2) target.attempts = reader.u16();
    else if (id === 3) target.wait_probe_ms = reader.u16();
    else if (id === 4) target.wait_round_ms = reader.u32();
    else if (id === 5) target.wait_timeout_s = reader.u8();
    else if (id === 6) target.flags = reader.u8();
    else return false;
    return true;
  });
  if (radargun.definition_count === 0) reader.fail('malformed', 'radargun without probe definitions');
  return radargun;
}

type PrefixscanDraft = Omit<Prefixscan, 'a' | 'b'> & { a: Address | undefined; b: Address | undefined };

function readPrefixscan(reader: Reader): Prefixscan {
  const prefixscan: PrefixscanDraft = {
    name: 'prefixscan',
    a: undefined,
    b: undefined,
    ab: undefined,
    excluded: [],
    prefix_length: 0,
    attempts: 0,
    fudge: 0,
    wait_probe_ms: 0,
    wait_timeout_s: 0,
    definition_count: 0,
    flags: 0,
    reply_count: DEFAULT_REPLY_COUNT,
  };
  readParameters(reader, prefixscan, readPrefixscanParameter);
  if (prefixscan.a === undefined || prefixscan.b === undefined) {
    reader.fail('malformed', 'prefixscan without its addresses');
  }
  return prefixscan as Prefixscan;
}

function readPrefixscanParameter(reader: Reader, prefixscan: PrefixscanDraft, id: number): boolean {
  switch (id) {
    case 1:
      prefixscan.a = reader.address();
      break;
    case 2:
      prefixscan.b = reader.address();
      break;
    case 3:
      prefixscan.ab = reader.address();
      break;
    case 4:
      for (let left = reader.u16(); left > 0; left--) prefixscan.excluded.push(reader.address());
      break;
    case 5:
      prefixscan.prefix_length = reader.u8();
      break;
    case 6:
      prefixscan.attempts = reader.u8();
      break;
    case 7:
      prefixscan.fudge = reader.u16();
      break;
    case 8:
      prefixscan.wait_probe_ms = reader.u16();
      break;
    case 9:
      prefixscan.wait_timeout_s = reader.u8();
      break;
    case 10:
      prefixscan.definition_count = reader.u16();
      break;
    case 11:
      prefixscan.flags = reader.u8();
      break;
    case 12:
      prefixscan.reply_count = reader.u8();
      break;
    default:
      return false;
  }
  return true;
}

function readBump(reader: Reader): Bump {
  const bump: Bump = { name: 'bump', wait_probe_ms: 0, bump_limit: 0, attempts: 0 };
  readParameters(reader, bump, (_, target, id) => {
    if (id === 1) target.wait_probe_ms = reader.u16();
    else if (id === 2) target.bump_limit = reader.u16();
    else if (id === 3) target.attempts = reader.u8();
    else return false;
    return true;
  });
  return bump;
}

function readMidarest(reader: Reader): Midarest {
  const midarest: Midarest = {
    name: 'midarest',
    definition_count: 0,
    rounds: 0,
    wait_probe_us: 0,
    wait_round_us: 0,
    wait_timeout_us: 0,
  };
  readParameters(reader, midarest, (_, target, id) => {
    if (id === 1) target.definition_count = reader.u16();
    else if (id === 2) target.rounds = reader.u8();
    else if (id === 3) target.wait_probe_us = reader.u32();
    else if (id === 4) target.wait_round_us = reader.u32();
    else if (id === 5) target.wait_timeout_us = reader.u32();
    else return false;
    return true;
  });
  if (midarest.definition_count === 0) reader.fail('malformed', 'midarest without probe definitions');
  return midarest;
}

function readMidardisc(reader: Reader): Midardisc {
  const midardisc: Midardisc = {
    name: 'midardisc',
    definition_count: 0,
    wait_timeout_us: 0,
    schedule: [],
    start_at: undefined,
  };
  readParameters(reader, midardisc, (_, target, id) => {
    if (id === 1) target.definition_count = reader.u32();
    else if (id === 2) target.wait_timeout_us = reader.u32();
    else if (id === 3) target.schedule = readSchedule(reader);
    else if (id === 4) target.start_at = reader.timeval();
    else return false;
    return true;
  });
  if (midardisc.definition_count === 0) reader.fail('malformed', 'midardisc without probe definitions');
  return midardisc;
}

function readSchedule(reader: Reader): MidardiscSlot[] {
  const slots: MidardiscSlot[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    reader.countParts();
    slots.push({ after: reader.timeval(), first_definition: reader.u32(), last_definition: reader.u32() });
  }
  return slots;
}
