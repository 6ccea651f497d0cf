import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { load } from 'js-yaml';
import { readFileSync } from 'node:fs';
import { type ApiDocument, type Schema } from './api-document.js';
import { Flags } from './flags.js';
import { parseRule } from './rule.js';
import { parseSeconds, parseTime } from './times.js';

const yaml = load(readFileSync(new URL('../../../docs/openapi.yaml', import.meta.url), 'utf8')) as {
  components: { schemas: Record<string, Schema> };
};
const { schemas } = yaml.components;
const document: ApiDocument = { kinds: [], measures: {}, parameters: {}, schemas };

function given(schema: string, ...args: string[]): Record<string, unknown> {
  const flags = new Flags(schemas[schema]?.properties ?? {});
  const command = flags.addTo(new Command('test')).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: 'user' });
  return flags.valuesOf(command.opts());
}

describe('flags of a kind', () => {
  it('take words in either case, also where other texts are right', () => {
    expect(given('DnsParams', '--type', 'TXT')).toEqual({ type: 'txt' });
    expect(given('DnsParams', '--type', 'TYPE65280')).toEqual({ type: 'TYPE65280' });
    expect(given('DnsParams', '--type', '257')).toEqual({ type: 257 });
  });

  it('are the members of its parameters, with their types', () => {
    const args = ['--probecount', '3', '--icmp-sum', '7', '--ipv4', '--method', 'TCP-SYN', '--wait', '2'];
    expect(given('PingParams', ...args)).toEqual({
      probecount: 3,
      'icmp-sum': 7,
      ipv4: '',
      method: 'tcp-syn',
      wait: 2,
    });
    expect(given('DnsParams', '--type', '65', '--no-rd', '--do')).toEqual({ type: 65, rd: false, do: '' });
    expect(given('TlsParams', '--alpn', 'h2,http/1.1', '--alpn', 'x', '--server-name', 'a')).toEqual({
      alpn: ['h2', 'http/1.1', 'x'],
      server_name: 'a',
    });
    expect(given('PingParams')).toEqual({});
  });

  it('say what would be right, by the bounds of the document', () => {
    expect(() => given('PingParams', '--probecount', '101')).toThrow('a whole number from 1 to 100');
    expect(() => given('PingParams', '--probecount', '1.5')).toThrow('a whole number from 1 to 100');
    expect(() => given('PingParams', '--method', 'x')).toThrow('icmp-echo');
    expect(() => given('PingParams', '--hops', '3')).toThrow("unknown option '--hops'");
  });
});

describe('--from', () => {
  const id = '6720a1b2c3d4e5f6000000b2';

  it('is ids, a number, all, and the conditions of `select`', () => {
    expect(parseRule([], document)).toEqual({ select: { count: 1, connected: true } });
    expect(parseRule([`${id},${id}`], document)).toEqual({ probes: [id] });
    expect(parseRule(['10,tag=fibre', 'tag=as:64500,ipv6=yes,min_uptime=0.95'], document)).toEqual({
      select: { count: 10, connected: true, tags: ['fibre', 'as:64500'], ipv6: true, min_uptime: 0.95 },
    });
    expect(parseRule(['all,connected=no,near=-34.6/-58.4/500'], document)).toEqual({
      all: { connected: false, near: { latitude: -34.6, longitude: -58.4, within_km: 500 } },
    });
  });

  it('is refused where it is none, with what there is', () => {
    expect(() => parseRule(['10,20'], document)).toThrow('One number');
    expect(() => parseRule(['tagg=x'], document)).toThrow('min_uptime');
    expect(() => parseRule([`${id},5`], document)).toThrow('not both');
    expect(() => parseRule(['0'], document)).toThrow('"0" is no number');
    expect(() => parseRule(['near=1'], document)).toThrow('LATITUDE/LONGITUDE');
    expect(() => parseRule(['min_uptime=2'], document)).toThrow('from 0 to 1');
  });
});

describe('times', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');

  it('are RFC 3339, or from now', () => {
    expect(parseTime('2026-11-29T12:00:00+02:00', now)).toBe('2026-11-29T10:00:00.000Z');
    expect(parseTime('now-2h', now)).toBe('2026-11-29T10:00:00.000Z');
    expect(parseTime('1d', now)).toBe('2026-11-30T12:00:00.000Z');
    expect(['30', '30s', '5m', '5min', '2h', '1d'].map(parseSeconds)).toEqual([
      30, 30, 300, 300, 7200, 86_400,
    ]);
  });

  it('have a zone, and are there', () => {
    for (const wrong of ['2026-11-29', '2026-11-29T12:00:00', '2026-13-01T00:00:00Z', 'now-', '1w', ''])
      expect(() => parseTime(wrong, now)).toThrow();
  });
});
