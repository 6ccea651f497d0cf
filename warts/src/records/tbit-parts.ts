import type { Address } from '../address.js';
import { readParameters, type ParameterReader, type Reader } from '../reader.js';

/** Path MTU discovery: whether the server heeds "packet too big". */
export interface TbitPmtud {
  name: 'pmtud';
  mtu_bytes: number;
  /** How often the message was sent again. */
  ptb_retransmits: number;
  options: number;
  /** Address that the messages claimed to come from. */
  ptb_src: Address | undefined;
}

/** Which options the server agrees to. */
export interface TbitNull {
  name: 'null';
  options: number;
  results: number;
}

/** Initial congestion window; `start_seq` is the sequence number at which counting begins. */
export interface TbitInitialWindow {
  name: 'icw';
  start_seq: number;
}

/** What the server does with segments that somebody blind might have sent. */
export interface TbitBlind {
  name: 'blind';
  /** Distance from the expected sequence number. */
  offset: number;
  retransmits: number;
}

export type TbitTest = TbitPmtud | TbitNull | TbitInitialWindow | TbitBlind;

export interface TbitHttp {
  name: 'http';
  host: string | undefined;
  file: string | undefined;
  /** 1 is https, anything else http. */
  scheme: number;
}

export interface TbitBgp {
  name: 'bgp';
  asn: number;
}

export type TbitApplication = TbitHttp | TbitBgp;

/** The data of test `test`, zeros without a reader; undefined for tests that have none. @internal */
export function readTbitTest(reader: Reader | undefined, test: number): TbitTest | undefined {
  switch (test) {
    case 1:
      return readPmtud(reader);
    case 3:
      return readNull(reader);
    case 5:
      return readInitialWindow(reader);
    case 7:
    case 8:
    case 9:
    case 10:
      return readBlind(reader);
    default:
      return undefined;
  }
}

/** The data of application `application`; undefined for applications that have none. @internal */
export function readTbitApplication(reader: Reader, application: number): TbitApplication | undefined {
  if (application === 1) return readHttp(reader);
  if (application === 5) return readBgp(reader);
  return undefined;
}

function readPmtud(reader: Reader | undefined): TbitPmtud {
  const pmtud: TbitPmtud = {
    name: 'pmtud',
    mtu_bytes: 0,
    ptb_retransmits: 0,
    options: 0,
    ptb_src: undefined,
  };
  fill(reader, pmtud, (from, target, id) => {
    if (id === 1) target.mtu_bytes = from.u16();
    else if (id === 2) target.ptb_retransmits = from.u8();
    else if (id === 3) target.options = from.u8();
    else if (id === 4) target.ptb_src = from.address();
    else return false;
    return true;
  });
  return pmtud;
}

function readNull(reader: Reader | undefined): TbitNull {
  const data: TbitNull = { name: 'null', options: 0, results: 0 };
  fill(reader, data, (from, target, id) => {
    if (id === 1) target.options = from.u16();
    else if (id === 2) target.results = from.u16();
    else return false;
    return true;
  });
  return data;
}

function readInitialWindow(reader: Reader | undefined): TbitInitialWindow {
  const data: TbitInitialWindow = { name: 'icw', start_seq: 0 };
  fill(reader, data, (from, target, id) => {
    if (id !== 1) return false;
    target.start_seq = from.u32();
    return true;
  });
  return data;
}

function readBlind(reader: Reader | undefined): TbitBlind {
  const blind: TbitBlind = { name: 'blind', offset: 0, retransmits: 0 };
  fill(reader, blind, (from, target, id) => {
    if (id === 1) target.offset = from.i32();
    else if (id === 2) target.retransmits = from.u8();
    else return false;
    return true;
  });
  return blind;
}

function readHttp(reader: Reader): TbitHttp {
  const http: TbitHttp = { name: 'http', host: undefined, file: undefined, scheme: 0 };
  readParameters(reader, http, (from, target, id) => {
    if (id === 1) target.host = from.text();
    else if (id === 2) target.file = from.text();
    else if (id === 3) target.scheme = from.u8();
    else return false;
    return true;
  });
  return http;
}

function readBgp(reader: Reader): TbitBgp {
  const bgp: TbitBgp = { name: 'bgp', asn: 0 };
  readParameters(reader, bgp, (from, target, id) => {
    if (id !== 1) return false;
    target.asn = from.u32();
    return true;
  });
  return bgp;
}

function fill<T>(reader: Reader | undefined, target: T, read: ParameterReader<T>): void {
  if (reader !== undefined) readParameters(reader, target, read);
}
