import { AXFR, classicDnsParams, type DnsParams, dnsParams, queryTypeNumber } from '@pladmed/protocol';
import { BYTES_AN_ACKNOWLEDGEMENT, CONNECTION_PACKETS, defineKind, type Strike } from '../kind.js';
import { dnsFormat } from './dns.format.js';
import { dnsSummary } from './dns.summary.js';

/** A probe asks so often when no answer comes. */
const ATTEMPTS = 3;
/** What a probe takes of a zone (1 MiB), every second full segment of it acknowledged. */
const TRANSFER_PACKETS = Math.ceil(1_048_576 / BYTES_AN_ACKNOWLEDGEMENT);

/** Only the name server that the caller names: a probe's own resolvers are its host's business. */
function strikesOf({ resolver, x, type, tcp }: DnsParams, names: readonly string[]): Strike[] {
  if (resolver === undefined) return [];
  const questions = names.length + (x === undefined ? 0 : 1);
  return [{ host: resolver, packets: questions * packetsOfQuestion(type, tcp !== undefined) }];
}

function packetsOfQuestion(type: string | number, overTcp: boolean): number {
  if (queryTypeNumber(type) === AXFR) return ATTEMPTS * CONNECTION_PACKETS + TRANSFER_PACKETS;
  // an answer that was cut off is asked for again over TCP, once
  return overTcp ? ATTEMPTS * CONNECTION_PACKETS : ATTEMPTS + CONNECTION_PACKETS;
}

export const dns = defineKind({
  name: 'dns',
  description: 'What a name server answers to a question, and how fast.',
  unitCost: 1,
  params: dnsParams,
  classicParams: classicDnsParams,
  strikes: strikesOf,
  summary: dnsSummary,
  formats: { dns: dnsFormat },
  classicFormat: 'gzip',
  resultFormats: ['text'],
  example: {
    summary: "Name look-ups at noon of each New Year's Day",
    params: { fqdns: ['example.org'], type: 'aaaa' },
    schedule: { type: 'cron', cron: '0 12 1 1 *', stop: '2030-01-02T00:00:00Z' },
  },
});
