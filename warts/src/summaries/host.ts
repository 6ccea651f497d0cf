import { HOST_RCODES, hostClass, hostType } from '../host-names.js';
import type { HostRecord, HostResourceRecord } from '../records/host.js';
import type { HostData } from '../records/host-data.js';
import type { Timeval } from '../records/types.js';
import { between } from './delays.js';

/** A DNS lookup in figures. */
export interface HostSummary {
  type: 'host';
  src: string | null;
  /** The server that was asked. */
  dst: string;
  start: Timeval;
  qname: string | null;
  qclass: string;
  qtype: string;
  /** Queries sent, and those that were answered. */
  sent: number;
  received: number;
  /** Of the first answer; null without one. A code without a name is its number. */
  rcode: string | null;
  /** Milliseconds from the query to its answer; null without one. */
  time_ms: number | null;
  /** How many records the first answer has in its answer section, and the first of them. */
  answer_count: number;
  answers: { type: string; name: string; ttl_s: number; data: string | null }[];
}

/** An answer may have 65,535 records: a summary must stay small. */
const MAX_ANSWERS = 32;

/** @internal */
export function summarizeHost(host: HostRecord): HostSummary {
  const answered = host.queries.filter(({ rx }) => rx.sec !== 0 || rx.usec !== 0);
  const [first] = answered;
  return {
    type: 'host',
    src: host.src?.toString() ?? null,
    dst: host.dst.toString(),
    start: host.start,
    qname: host.qname ?? null,
    qclass: hostClass(host.qclass),
    qtype: hostType(host.qtype),
    sent: host.queries.length,
    received: answered.length,
    rcode: first === undefined ? null : (HOST_RCODES[first.rcode] ?? String(first.rcode)),
    time_ms: first === undefined ? null : between(first.tx, first.rx) / 1000,
    answer_count: first?.answers.length ?? 0,
    answers: (first?.answers ?? []).slice(0, MAX_ANSWERS).map(answerOf),
  };
}

function answerOf({ rrtype, name, ttl_s, data }: HostResourceRecord): HostSummary['answers'][number] {
  return { type: hostType(rrtype), name, ttl_s, data: data === undefined ? null : dataText(data) };
}

/** As zone files have it, as far as scamper keeps it. */
function dataText(data: HostData): string | null {
  switch (data.kind) {
    case 'address':
      return data.address.toString();
    case 'name':
      return data.name;
    case 'mx':
      return `${data.preference} ${data.exchange ?? ''}`;
    case 'soa':
      return [
        data.mname,
        data.rname,
        data.serial,
        data.refresh_s,
        data.retry_s,
        data.expire_s,
        data.minimum_s,
      ].join(' ');
    case 'txt':
      return data.strings.map((bytes) => JSON.stringify(new TextDecoder('latin1').decode(bytes))).join(' ');
    case 'svcb':
      return `${data.priority} ${data.target ?? ''}`;
    case 'opt':
      return null;
  }
}
