import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';

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

/** The data of test `test`; undefined for tests that have none. */
export function readTbitTest(reader: Reader, test: number): TbitTest | undefined {
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

/** The data of application `application`; undefined for applications that have none. */
export function readTbitApplication(reader: Reader, application: number): TbitApplication | undefined {
  if (application === 1) return readHttp(reader);
  if (application === 5) return readBgp(reader);
  return undefined;
}

function readPmtud(reader: Reader): TbitPmtud {
  const pmtud: TbitPmtud = {
    name: 'pmtud',
    mtu_bytes: 0,
    ptb_retransmits: 0,
    options: 0,
    ptb_src: undefined,
  };
  readParameters(reader, pmtud, (_, target, id) => {
    if (id === 1) target.mtu_bytes = reader.u16();
    else if (id === 2) target.ptb_retransmits = reader.u8();
    else if (id === 3) target.options = reader.u8();
    else if (id === 4) target.ptb_src = reader.address();
    else return false;
    return true;
  });
  return pmtud;
}

function readNull(reader: Reader): TbitNull {
  const data: TbitNull = { name: 'null', options: 0, results: 0 };
  readParameters(reader, data, (_, target, id) => {
    if (id === 1) target.options = reader.u16();
    else if (id === 2) target.results = reader.u16();
    else return false;
    return true;
  });
  return data;
}

function readInitialWindow(reader: Reader): TbitInitialWindow {
  const data: TbitInitialWindow = { name: 'icw', start_seq: 0 };
  readParameters(reader, data, (_, target, id) => {
    if (id !== 1) return false;
    target.start_seq = reader.u32();
    return true;
  });
  return data;
}

function readBlind(reader: Reader): TbitBlind {
  const blind: TbitBlind = { name: 'blind', offset: 0, retransmits: 0 };
  readParameters(reader, blind, (_, target, id) => {
    if (id === 1) target.offset = reader.i32();
    else if (id === 2) target.retransmits = reader.u8();
    else return false;
    return true;
  });
  return blind;
}

function readHttp(reader: Reader): TbitHttp {
  const http: TbitHttp = { name: 'http', host: undefined, file: undefined, scheme: 0 };
  readParameters(reader, http, (_, target, id) => {
    if (id === 1) target.host = reader.text();
    else if (id === 2) target.file = reader.text();
    else if (id === 3) target.scheme = reader.u8();
    else return false;
    return true;
  });
  return http;
}

function readBgp(reader: Reader): TbitBgp {
  const bgp: TbitBgp = { name: 'bgp', asn: 0 };
  readParameters(reader, bgp, (_, target, id) => {
    if (id !== 1) return false;
    target.asn = reader.u32();
    return true;
  });
  return bgp;
}
