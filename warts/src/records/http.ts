import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readUnnumberedEnds } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** `HttpBuffer.kind`. */
export const HttpBufferKind = { Data: 0, Header: 1, Tls: 2 } as const;

/** What went one way at one time. A header that was sent ends with a NUL byte. */
export interface HttpBuffer {
  sent: boolean;
  kind: number;
  time: Timeval;
  data: Uint8Array;
}

/** A request for one URL (record type 15, since scamper 20240117). Numbers left out are 0. */
export interface HttpRecord {
  type: 'http';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address | undefined;
  dst: Address | undefined;
  sport: number;
  dport: number;
  start: Timeval;
  /** 0-6: none, halted, no connection, done, error, timeout, insecure. */
  stop: number;
  /** 0: https; 1: http. */
  scheme: number;
  host: string | undefined;
  file: string | undefined;
  /** Headers that were asked for, as lines. */
  headers: string[];
  /** RTT of the TCP handshake, in microseconds; undefined if not recorded. */
  handshake_rtt_us: number | undefined;
  /** 1: certificates are not checked; 2: GREASE. */
  flags: number;
  max_time: Timeval;
  error: string | undefined;
  /**
   * Encrypted client hello: 0-12: none, unknown, failed, success, GREASE, GREASE with ECH, backend, bad call, not tried,
   * bad name, not configured, failed with ECH, failed with ECH for a bad name; with its outer name.
   */
  ech_status: number;
  ech_outer_name: string | undefined;
  ech_config_list: Uint8Array | undefined;
  ech_retry_config: Uint8Array | undefined;
  buffers: HttpBuffer[];
}

type Draft = Omit<HttpRecord, 'dport'> & { dport: number | undefined; buffer_count: number };

const HTTP = 1;
const PART_HEADER_BYTES = 5;
const ECH_CONFIG_LIST = 1;
const ECH_RETRY_CONFIG = 2;

/** Read an http record's body. Its addresses are never references. @internal */
export function readHttp(reader: Reader): HttpRecord {
  const draft: Draft = {
    type: 'http',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    dst: undefined,
    sport: 0,
    dport: undefined,
    start: NO_TIME,
    stop: 0,
    scheme: 0,
    host: undefined,
    file: undefined,
    headers: [],
    handshake_rtt_us: undefined,
    flags: 0,
    max_time: NO_TIME,
    error: undefined,
    ech_status: 0,
    ech_outer_name: undefined,
    ech_config_list: undefined,
    ech_retry_config: undefined,
    buffers: [],
    buffer_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { buffer_count, dport, ...rest } = draft;
  const http: HttpRecord = { ...rest, dport: dport ?? (draft.scheme === HTTP ? 80 : 443) };
  for (let left = buffer_count; left > 0; left--) http.buffers.push(readBuffer(reader));
  readParts(reader, http);
  return http;
}

function readBuffer(reader: Reader): HttpBuffer {
  const buffer = { direction: 0, time: NO_TIME, length: 0, data: new Uint8Array(0) as Uint8Array };
  reader.countParts();
  readParameters(reader, buffer, (_, target, id) => {
    if (id === 1) target.direction = reader.u8();
    else if (id === 2) target.time = reader.timeval();
    else if (id === 3) target.length = reader.u16();
    else if (id === 4) target.data = reader.copy(target.length);
    else return false;
    return true;
  });
  const { direction, time, data } = buffer;
  return { sent: (direction & 0x80) !== 0, kind: direction & 0x7f, time, data };
}

/** Parts of a kind and a length, while there are bytes for one: kinds of later versions are passed over. */
function readParts(reader: Reader, http: HttpRecord): void {
  while (reader.remaining >= PART_HEADER_BYTES) {
    const kind = reader.u8();
    const length = reader.u32();
    reader.countParts();
    if (kind === ECH_CONFIG_LIST) http.ech_config_list = reader.copy(length);
    else if (kind === ECH_RETRY_CONFIG) http.ech_retry_config = reader.copy(length);
    else reader.skip(length);
  }
}

function readHeaders(reader: Reader): string[] {
  const headers: string[] = [];
  for (let left = reader.u8(); left > 0; left--) headers.push(reader.text());
  return headers;
}

function readParameter(reader: Reader, http: Draft, id: number): boolean {
  switch (id) {
    case 6:
      http.sport = reader.u16();
      break;
    case 7:
      http.dport = reader.u16();
      break;
    case 8:
      http.start = reader.timeval();
      break;
    case 9:
      http.stop = reader.u8();
      break;
    case 10:
      http.scheme = reader.u8();
      break;
    case 11:
      http.host = reader.text();
      break;
    case 12:
      http.file = reader.text();
      break;
    case 13:
      http.headers = readHeaders(reader);
      break;
    case 14:
      http.buffer_count = reader.u32();
      break;
    case 15:
      http.handshake_rtt_us = reader.u32();
      break;
    case 16:
      http.flags = reader.u32();
      break;
    case 17:
      http.max_time = reader.timeval();
      break;
    case 18:
      http.error = reader.text();
      break;
    case 19:
      http.ech_status = reader.u8();
      break;
    case 20:
      http.ech_outer_name = reader.text();
      break;
    default:
      return readUnnumberedEnds(reader, http, id);
  }
  return true;
}
