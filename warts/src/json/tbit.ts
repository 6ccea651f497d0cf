import type { TbitRecord } from '../records/tbit.js';
import type { TbitHttp, TbitNull, TbitPmtud } from '../records/tbit-parts.js';
import { errorMessage, monitor } from './2026/common.js';
import type { JsonDialect } from './dialect.js';
import { initialWindowBytes } from './initial-window.js';
import { tbitPackets } from './tbit-packet.js';
import { flagNames, hexadecimal, nameOf, optional, quote } from './text.js';

const TESTS = [
  undefined,
  'pmtud',
  'ecn',
  'null',
  'sack-rcvr',
  'icw',
  'abc',
  'blind-data',
  'blind-rst',
  'blind-syn',
  'blind-fin',
];

const RESULT_GROUPS: readonly (readonly [first: number, names: readonly string[]])[] = [
  [
    0,
    [
      'none',
      'tcp-noconn',
      'tcp-rst',
      'tcp-error',
      'sys-error',
      'aborted',
      'tcp-noconn-rst',
      'halted',
      'tcp-badopt',
      'tcp-fin',
      'tcp-zerowin',
    ],
  ],
  [
    20,
    [
      'pmtud-noack',
      'pmtud-nodata',
      'pmtud-toosmall',
      'pmtud-nodf',
      'pmtud-fail',
      'pmtud-success',
      'pmtud-cleardf',
    ],
  ],
  [30, ['ecn-success', 'ecn-incapable', 'ecn-badsynack', 'ecn-noece', 'ecn-noack', 'ecn-nodata']],
  [40, ['null-success', 'null-nodata']],
  [50, ['sack-incapable', 'sack-rcvr-success', 'sack-rcvr-shifted', 'sack-rcvr-timeout', 'sack-rcvr-nosack']],
  [60, ['icw-success', 'icw-tooshort']],
  [70, ['abc-success', 'abc-tooshort', 'abc-badicw']],
  [80, ['blind-accepted', 'blind-challenge', 'blind-ignored', 'blind-rst', 'blind-synnew']],
];
const RESULTS: (string | undefined)[] = [];
for (const [first, names] of RESULT_GROUPS) names.forEach((name, i) => (RESULTS[first + i] = name));

const ICW_SUCCESS = 60;
const HTTPS = 1;
const OPTIONS = ['tcpts', 'sack'];
const PMTUD_OPTIONS = ['blackhole'];
const NULL_OPTIONS = ['tcpts', 'ipts-syn', 'iprr-syn', 'ipqs-syn', 'sack', 'fo', 'fo-exp'];
const NULL_RESULTS = ['tcpts-ok', 'sack-ok', 'fo-ok'];

/** A tbit record as sc_warts2json prints it. */
export function tbitJson(tbit: TbitRecord, dialect: JsonDialect = '20211212'): string {
  const isNew = dialect === '2026';
  const { start, fast_open_cookie: cookie } = tbit;
  const packets = tbitPackets(tbit, isNew);
  return (
    `{"type":"tbit", "tbit_type":${nameOf(TESTS, tbit.test)}, "userid":${tbit.userid}` +
    `, "src":"${tbit.src.toString()}", "dst":"${tbit.dst.toString()}", "sport":${tbit.sport}, "dport":${tbit.dport}` +
    `, "start":{"sec":${start.sec},"usec":${start.usec}}, "client_mss":${tbit.client_mss_bytes}` +
    `, "server_mss":${tbit.server_mss_bytes}, "ttl":${tbit.ttl}, "result":${nameOf(RESULTS, tbit.result)}` +
    (tbit.options === 0 ? '' : `, "options":[${flagNames(OPTIONS, tbit.options, 16)}]`) +
    (isNew ? errorMessage(tbit.error) : '') +
    (tbit.window_scale === 0 ? '' : `, "wscale":${tbit.window_scale}`) +
    (cookie === undefined || cookie.length === 0 ? '' : `, "fo_cookie":"${hexadecimal(cookie)}"`) +
    optional('client_isn', packets.clientIsn?.toString()) +
    optional('server_isn', packets.serverIsn?.toString()) +
    testFields(tbit) +
    applicationFields(tbit) +
    (isNew ? monitor(tbit.list) : '') +
    `, "pkts":[${packets.json.join(', ')}]}`
  );
}

function testFields(tbit: TbitRecord): string {
  const data = tbit.test_data;
  switch (data?.name) {
    case 'pmtud':
      return pmtudFields(data);
    case 'null':
      return nullFields(data);
    case 'icw':
      return tbit.result === ICW_SUCCESS
        ? optional('icw_bytes', initialWindowBytes(tbit, data)?.toString())
        : '';
    case 'blind':
      return `, "blind_off":${data.offset}, "blind_retx":${data.retransmits}`;
    default:
      return '';
  }
}

function pmtudFields(pmtud: TbitPmtud): string {
  return (
    `, "mtu":${pmtud.mtu_bytes}, "ptb_retx":${pmtud.ptb_retransmits}` +
    (pmtud.ptb_src === undefined ? '' : `, "ptbsrc":"${pmtud.ptb_src.toString()}"`) +
    `, "pmtud_options":[${flagNames(PMTUD_OPTIONS, pmtud.options, 8)}]`
  );
}

function nullFields(data: TbitNull): string {
  return (
    `, "null_options":[${flagNames(NULL_OPTIONS, data.options, 16)}]` +
    `, "null_results":[${flagNames(NULL_RESULTS, data.results, 16)}]`
  );
}

function applicationFields(tbit: TbitRecord): string {
  const data = tbit.application_data;
  if (data?.name === 'bgp') return `, "app":"bgp", "bgp_asn":${data.asn}`;
  if (data?.name === 'http') return `, "app":"http"${httpUrl(data)}`;
  return '';
}

function httpUrl({ scheme, host, file }: TbitHttp): string {
  if (host === undefined) return '';
  return `, "http_url":${quote(`${scheme === HTTPS ? 'https' : 'http'}://${host}${file ?? ''}`)}`;
}
