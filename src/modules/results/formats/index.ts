import { type ResultFormat } from '../result.schema.js';
import { dnsFormat } from './dns.format.js';
import { type Format } from './format.js';
import { gzipFormat } from './gzip.format.js';
import { wartsFormat } from './warts.format.js';

export const FORMATS: Record<ResultFormat, Format> = { warts: wartsFormat, gzip: gzipFormat, dns: dnsFormat };
