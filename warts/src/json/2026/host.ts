import type { HostQuery, HostRecord, HostResourceRecord } from '../../records/host.js';
import type { HostData } from '../../records/host-data.js';
import { hostClass, hostOpcodeFlags, HOST_RCODES, hostType } from '../../host-names.js';
import { nameOf, printableName } from '../text.js';
import { errorMessage, knownFlags, monitor, time } from './common.js';

const FLAGS = ['norecurse', 'tcp', 'nsid'];
const STOPS = ['NONE', 'DONE', 'TIMEOUT', 'HALTED', 'ERROR'];

/** A DNS lookup as sc_warts2json of 2026 prints it. */
export function hostJson(host: HostRecord): string {
  return (
    '{"type":"host", "version":"0.1"' +
    (host.src === undefined ? '' : `, "src":"${host.src.toString()}"`) +
    `, "dst":"${host.dst.toString()}", "userid":${host.userid}, "start":${time(host.start)}` +
    errorMessage(host.error) +
    flags(host.flags) +
    `, "wait":${host.wait_ms}, "retries":${host.retries}, "stop":${nameOf(STOPS, host.stop)}` +
    (host.qname === undefined ? '' : `, "qname":"${printableName(host.qname)}"`) +
    `, "qclass":"${hostClass(host.qclass)}", "qtype":"${hostType(host.qtype)}", "qcount":${host.queries.length}` +
    (host.ecs === undefined ? '' : `, "ecs":${JSON.stringify(host.ecs)}`) +
    monitor(host.list) +
    `, "queries":[${host.queries.map(queryJson).join(',')}]}`
  );
}

function flags(bits: number): string {
  const names = knownFlags(FLAGS, bits, ', ');
  return names === '' ? '' : `, "flags":[${names}]`;
}

function queryJson(query: HostQuery): string {
  const { id, answers, authorities, additionals, tx, rx } = query;
  const counts = `"ancount":${answers.length}, "nscount":${authorities.length}, "arcount":${additionals.length}`;
  return (
    `{"id":${id}, ${counts}, "tx":${time(tx)}` +
    (rx.sec === 0 && rx.usec === 0 ? '' : answerJson(query)) +
    section('an', answers) +
    section('ns', authorities) +
    section('ar', additionals) +
    '}'
  );
}

function answerJson({ rx, rcode, flags }: HostQuery): string {
  const names = hostOpcodeFlags(flags).map((name) => `"${name}"`);
  return `, "rx":${time(rx)}, "rcode":"${rcodeName(rcode)}", "flags":[${names.join(',')}]`;
}

const LAST_RCODE = 15;

/** The tool prints a pointer to nothing for codes that are not assigned, as printf of the C library writes one. */
function rcodeName(rcode: number): string {
  return HOST_RCODES[rcode] ?? (rcode <= LAST_RCODE ? '(null)' : String(rcode));
}

function section(key: string, records: readonly HostResourceRecord[]): string {
  return records.length === 0 ? '' : `, "${key}":[${records.map(recordJson).join(',')}]`;
}

function recordJson({ class: rrclass, rrtype, ttl_s, name, data }: HostResourceRecord): string {
  return (
    `{"class":"${hostClass(rrclass)}", "type":"${hostType(rrtype)}", "ttl":${ttl_s}, "name":"${printableName(name)}"` +
    (data === undefined ? '' : dataJson(data, rrtype)) +
    '}'
  );
}

function name(key: string, value: string | undefined): string {
  return value === undefined ? '' : `, "${key}":"${printableName(value)}"`;
}

/** Keys of names by the type of their record. */
const NAME_KEYS: Readonly<Record<number, string>> = { 2: 'nsdname', 5: 'cname', 12: 'ptrdname' };

function dataJson(data: HostData, rrtype: number): string {
  switch (data.kind) {
    case 'address':
      return `, "address":"${data.address.toString()}"`;
    case 'name':
      return `, "${NAME_KEYS[rrtype] ?? 'name'}":"${printableName(data.name)}"`;
    case 'mx':
      return `, "preference":${data.preference}${name('exchange', data.exchange)}`;
    case 'soa':
      return (
        name('mname', data.mname) +
        name('rname', data.rname) +
        `, "serial":${data.serial}, "refresh":${data.refresh_s}, "retry":${data.retry_s}` +
        `, "expire":${data.expire_s}, "minimum":${data.minimum_s}`
      );
    case 'txt': {
      const strings = data.strings.map((bytes) => `"${printableName(String.fromCharCode(...bytes))}"`);
      return `, "strc":${strings.length}, "strs":[${strings.join(', ')}]`;
    }
    case 'opt':
    case 'svcb':
      return '';
  }
}
