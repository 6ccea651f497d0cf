import { defineKind } from '../kind.js';
import { dnsFormat } from './dns.format.js';
import { ClassicDnsParams, DnsParams } from './dns.params.js';

export const dns = defineKind({
  name: 'dns',
  unitCost: 1,
  paramsClass: DnsParams,
  classicParamsClass: ClassicDnsParams,
  destinationLists: ['fqdns', 'name'],
  formats: { dns: dnsFormat },
  resultFormats: ['text'],
  example: {
    summary: "Name look-ups at noon of each New Year's Day",
    params: { fqdns: ['example.org'], type: 'aaaa' },
    schedule: { type: 'cron', cron: '0 12 1 1 *', stop: '2030-01-02T00:00:00Z' },
  },
});
