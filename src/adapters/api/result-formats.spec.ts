import { describe, expect, it, test } from '@jest/globals';
import { request as prototype, type Request } from 'express';
import { type KindName } from '../../measurement/kinds/index.js';
import { dispositionOf, formatFor, type ResultFileFormat } from './result-formats.js';

function requestWith(accept: string | undefined): Request {
  const headers = accept === undefined ? {} : { accept };
  return Object.assign(Object.create(prototype) as Request, { headers });
}

const chosen = (accept: string | undefined, kinds: KindName[] = ['ping'], format?: ResultFileFormat) =>
  formatFor(requestWith(accept), { format, kinds });

describe('the format of results', () => {
  // RFC 9110, section 12.5.1
  test.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
    ['application/x-ndjson', 'ndjson'],
    ['text/csv;q=0.5, application/vnd.apache.parquet;q=0.9', 'parquet'],
    ['application/*;q=0.1, text/csv;q=0.2', 'csv'],
    ['application/json;q=0, text/*', 'csv'],
    ['application/x-warts', 'warts'],
    ['application/vnd.pladmed.atlas+json', 'atlas'],
  ])('of Accept: %s is %s', (accept, format) => {
    expect(chosen(accept)).toBe(format);
  });

  it('goes by `format` before `Accept`', () => {
    expect(chosen('text/csv', ['ping'], 'parquet')).toBe('parquet');
  });

  it('is none that the kinds have not: the next best, or 406 that says what there is', () => {
    expect(chosen('application/x-warts, text/csv;q=0.5', ['dns'])).toBe('csv');
    expect(() => chosen('application/x-warts', ['ping', 'dns'])).toThrow(
      'application/x-warts is not there; there are application/json, application/x-ndjson, text/csv, application/vnd.apache.parquet, application/vnd.pladmed.atlas+json',
    );
    expect(() => chosen('*/*', ['ping', 'dns', 'tls'], 'warts')).toThrow(
      'warts is of ping and traceroute, and has no dns, tls',
    );
    expect(() => chosen('*/*', ['ping', 'mtr'], 'atlas')).toThrow(
      'atlas is of ping, traceroute, dns, http, tls and ntp, and has no mtr',
    );
    expect(() => chosen('image/png')).toThrow(expect.objectContaining({ status: 406 }));
  });
});

describe('the name of a file', () => {
  it('says what is in it', () => {
    const one = { _id: 'a1', kind: 'ping' as const };
    expect(dispositionOf('csv', [one])).toBe('attachment; filename="results-ping-a1.csv"');
    expect(dispositionOf('warts', [one, one])).toBe('attachment; filename="results-ping.warts"');
    expect(dispositionOf('ndjson', [one, { _id: 'b2', kind: 'dns' }])).toBe(
      'attachment; filename="results.ndjson"',
    );
  });
});
