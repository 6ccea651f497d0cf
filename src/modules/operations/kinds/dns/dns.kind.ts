import { defineKind } from '../kind.js';
import { ClassicDnsParams, DnsParams } from './dns.params.js';

export const dns = defineKind({
  name: 'dns',
  unitCost: 1,
  paramsClass: DnsParams,
  classicParamsClass: ClassicDnsParams,
  resultFormats: ['text'],
});
