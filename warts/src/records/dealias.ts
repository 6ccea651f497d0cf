import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readDealiasMethod, type DealiasMethod } from './dealias-method.js';
import { readIcmpExtensions, type IcmpExtension } from './icmp-extension.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** Bit of `DealiasReply.flags`: the reply came in IPv6 fragments and so has an `ipid32`. @internal */
export const DEALIAS_REPLY_HAS_IPID32 = 0x01;

/** What kind of probe is sent, and where to. */
export interface DealiasDefinition {
  /** undefined if there was no route: scamper since 20241112 writes such definitions. */
  src: Address | undefined;
  dst: Address;
  id: number;
  /** 1-6: ICMP echo, TCP ACK, UDP, TCP ACK by source port, UDP by destination port, TCP SYN by source port. */
  method: number;
  ttl: number;
  tos: number;
  /** The first four bytes of the transport header: two ports, or what an ICMP echo begins with. */
  first_word: number;
  has_first_word: boolean;
  tcp_flags: number;
  icmp_id: number;
  icmp_checksum: number;
  size_bytes: number;
  mtu_bytes: number;
}

export interface DealiasReply {
  src: Address;
  rx: Timeval;
  ipid: number;
  /** IPv6 fragment identifier; 0 unless `flags` says that there was one. */
  ipid32: number;
  ttl: number;
  /** 0 if not recorded, as before scamper 20240117. */
  size_bytes: number;
  flags: number;
  /** IP protocol number. */
  protocol: number;
  icmp_type: number;
  icmp_code: number;
  icmp_q_ttl: number;
  tcp_flags: number;
  extensions: IcmpExtension[] | undefined;
}

export interface DealiasProbe {
  definition: DealiasDefinition;
  tx: Timeval;
  ipid: number;
  seq: number;
  replies: DealiasReply[];
}

/** Whether addresses are of one router (record type 9; warts(5), "dealias"). Numbers left out are 0. */
export interface DealiasRecord {
  type: 'dealias';
  list: List | undefined;
  cycle: Cycle | undefined;
  start: Timeval;
  /** 0-5: none, aliases, not aliases, halted, IP identifiers echoed, error. */
  result: number;
  /** Why it failed; scamper since 20251020 says so. */
  error: string | undefined;
  userid: number;
  method: DealiasMethod;
  definitions: DealiasDefinition[];
  probes: DealiasProbe[];
}

/** Read a dealias record's body. @internal */
export function readDealias(reader: Reader): DealiasRecord {
  const header: DealiasHeader = {
    list: undefined,
    cycle: undefined,
    start: NO_TIME,
    method: 0,
    result: 0,
    probe_count: 0,
    userid: 0,
    error: undefined,
  };
  readParameters(reader, header, readHeaderParameter);
  const method = readDealiasMethod(reader, header.method);
  const definitions: DealiasDefinition[] = [];
  for (let left = definitionCount(method); left > 0; left--) definitions.push(readDefinition(reader));
  const probes: DealiasProbe[] = [];
  for (let left = header.probe_count; left > 0; left--) probes.push(readProbe(reader, definitions));
  const { probe_count: _count, method: _method, ...rest } = header;
  return { type: 'dealias', ...rest, method, definitions, probes };
}

interface DealiasHeader {
  list: List | undefined;
  cycle: Cycle | undefined;
  start: Timeval;
  method: number;
  result: number;
  probe_count: number;
  userid: number;
  error: string | undefined;
}

function readHeaderParameter(reader: Reader, header: DealiasHeader, id: number): boolean {
  switch (id) {
    case 1:
      header.list = reader.list();
      break;
    case 2:
      header.cycle = reader.cycle();
      break;
    case 3:
      header.start = reader.timeval();
      break;
    case 4:
      header.method = reader.u8();
      break;
    case 5:
      header.result = reader.u8();
      break;
    case 6:
      header.probe_count = reader.u32();
      break;
    case 7:
      header.userid = reader.u32();
      break;
    case 8:
      header.error = reader.text();
      break;
    default:
      return false;
  }
  return true;
}

function definitionCount(method: DealiasMethod): number {
  switch (method.name) {
    case 'mercator':
      return 1;
    case 'ally':
    case 'bump':
      return 2;
    case 'radargun':
    case 'prefixscan':
    case 'midarest':
    case 'midardisc':
      return method.definition_count;
  }
}

type DefinitionDraft = Omit<DealiasDefinition, 'dst'> & { dst: Address | undefined };

const LAST_METHOD = 6;

function readDefinition(reader: Reader): DealiasDefinition {
  const definition: DefinitionDraft = {
    src: undefined,
    dst: undefined,
    id: 0,
    method: 0,
    ttl: 0,
    tos: 0,
    first_word: 0,
    has_first_word: false,
    tcp_flags: 0,
    icmp_id: 0,
    icmp_checksum: 0,
    size_bytes: 0,
    mtu_bytes: 0,
  };
  reader.countParts();
  readParameters(reader, definition, readDefinitionParameter);
  if (definition.dst === undefined) reader.fail('malformed', 'probe definition without a destination');
  if (definition.method === 0 || definition.method > LAST_METHOD) {
    reader.fail('malformed', `probe definition of method ${definition.method}`);
  }
  return definition as DealiasDefinition;
}

function readDefinitionParameter(reader: Reader, definition: DefinitionDraft, id: number): boolean {
  switch (id) {
    case 1:
      definition.dst = reader.globalAddress();
      break;
    case 2:
      definition.src = reader.globalAddress();
      break;
    case 3:
      definition.id = reader.u32();
      break;
    case 4:
      definition.method = reader.u8();
      break;
    case 5:
      definition.ttl = reader.u8();
      break;
    case 6:
      definition.tos = reader.u8();
      break;
    case 7:
      definition.first_word = reader.u32();
      definition.has_first_word = true;
      break;
    case 8:
      definition.tcp_flags = reader.u8();
      break;
    case 9:
      definition.icmp_id = reader.u16();
      break;
    case 10:
      definition.dst = reader.address();
      break;
    case 11:
      definition.src = reader.address();
      break;
    case 12:
      definition.size_bytes = reader.u16();
      break;
    case 13:
      definition.mtu_bytes = reader.u16();
      break;
    case 14:
      definition.icmp_checksum = reader.u16();
      break;
    default:
      return false;
  }
  return true;
}

function readProbe(reader: Reader, definitions: readonly DealiasDefinition[]): DealiasProbe {
  const header = { definition: 0, tx: NO_TIME, reply_count: 0, ipid: 0, seq: 0 };
  reader.countParts();
  readParameters(reader, header, (_, target, id) => {
    if (id === 1) target.definition = reader.u32();
    else if (id === 2) target.tx = reader.timeval();
    else if (id === 3) target.reply_count = reader.u16();
    else if (id === 4) target.ipid = reader.u16();
    else if (id === 5) target.seq = reader.u32();
    else return false;
    return true;
  });
  const definition = definitions[header.definition];
  if (definition === undefined) {
    reader.fail('reference', `probe definition ${header.definition} of ${definitions.length}`);
  }
  const replies: DealiasReply[] = [];
  for (let left = header.reply_count; left > 0; left--) replies.push(readReply(reader));
  return { definition, tx: header.tx, ipid: header.ipid, seq: header.seq, replies };
}

type ReplyDraft = Omit<DealiasReply, 'src' | 'protocol'> & {
  src: Address | undefined;
  protocol: number | undefined;
};

function readReply(reader: Reader): DealiasReply {
  const reply: ReplyDraft = {
    src: undefined,
    rx: NO_TIME,
    ipid: 0,
    ipid32: 0,
    ttl: 0,
    size_bytes: 0,
    flags: 0,
    protocol: undefined,
    icmp_type: 0,
    icmp_code: 0,
    icmp_q_ttl: 0,
    tcp_flags: 0,
    extensions: undefined,
  };
  reader.countParts();
  readParameters(reader, reply, readReplyParameter);
  if (reply.src === undefined) reader.fail('malformed', 'dealias reply without an address');
  reply.protocol ??= reply.src.isIPv4 ? 1 : 58;
  return reply as DealiasReply;
}

function readReplyParameter(reader: Reader, reply: ReplyDraft, id: number): boolean {
  switch (id) {
    case 1:
      reply.src = reader.globalAddress();
      break;
    case 2:
      reply.rx = reader.timeval();
      break;
    case 3:
      reply.ipid = reader.u16();
      break;
    case 4:
      reply.ttl = reader.u8();
      break;
    case 5:
      reply.icmp_type = reader.u8();
      reply.icmp_code = reader.u8();
      break;
    case 6:
      reply.icmp_q_ttl = reader.u8();
      break;
    case 7:
      reply.extensions = readIcmpExtensions(reader);
      break;
    case 8:
      reply.protocol = reader.u8();
      break;
    case 9:
      reply.tcp_flags = reader.u8();
      break;
    case 10:
      reply.src = reader.address();
      break;
    case 11:
      reply.ipid32 = reader.u32();
      break;
    case 12:
      reply.flags = reader.u8();
      break;
    case 13:
      reply.size_bytes = reader.u16();
      break;
    default:
      return false;
  }
  return true;
}
