import { isHostName, isIpLiteral } from '@pladmed/protocol';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import {
  GLOBALPING_DNS_TYPES,
  MOST_PACKETS,
  TIMEOUTS_S,
} from '../../../../measurement/kinds/globalping-words.js';
import { isSpecialAddress } from '../../../../measurement/targets/special-addresses.js';
import { isSpecialName } from './targets.js';
import { exact, line, port, text, truth, whole, word } from './rules.js';

/** Default ports and numbers are those of Globalping's clients: a request is sent with every default spelled out. */
const MOST_HEADERS = 128;

const ipVersion = () => z.union([z.literal(4), z.literal(6)], { error: 'must be 4 or 6' }).optional();

const publicResolver = (isResolver: (value: string) => boolean, what: string) =>
  z
    .string({ error: `must be ${what}` })
    .refine(isResolver, { error: `must be ${what}`, abort: true })
    .refine((value) => !isSpecialAddress(value) && !isSpecialName(value), {
      error: 'must not be a private or otherwise special address',
    })
    .optional();

/** @throws where HTTP has no such field: the probe would send nothing, or more than one */
const checkHeader = (name: string, value: string): void => {
  validateHeaderName(name);
  validateHeaderValue(name, value);
};

const headers = () =>
  z
    .record(z.string(), text(8_192), { error: 'must be an object of texts' })
    .superRefine((all, context) => {
      for (const [name, value] of Object.entries(all))
        try {
          checkHeader(name, value);
        } catch {
          context.addIssue({
            code: 'custom',
            path: [name],
            message: 'must be a header field (RFC 9110): no line breaks',
          });
        }
    })
    .refine((all) => Object.keys(all).length <= MOST_HEADERS, {
      error: `must have ${MOST_HEADERS} members at most`,
    })
    .default({});

const packetOptions = () => ({
  packets: whole(1, MOST_PACKETS).default(3),
  port: port().default(80),
  ipVersion: ipVersion(),
});

const httpRequest = exact({
  method: word(['HEAD', 'GET', 'OPTIONS']).default('HEAD'),
  host: z
    .string({ error: 'must be a host name' })
    .refine(isHostName, { error: 'must be a host name' })
    .optional(),
  path: line(16_384).default('/'),
  query: line(16_384).default(''),
  headers: headers(),
});

/** What each type has for options; what is absent has its default. */
export const OPTIONS = {
  ping: exact({ protocol: word(['ICMP', 'TCP']).default('ICMP'), ...packetOptions() }),
  traceroute: exact({
    protocol: word(['ICMP', 'TCP', 'UDP']).default('ICMP'),
    port: port().default(80),
    ipVersion: ipVersion(),
  }),
  dns: exact({
    query: exact({ type: word(GLOBALPING_DNS_TYPES).default('A') }).prefault({}),
    resolver: publicResolver((value) => isIpLiteral(value) || isHostName(value), 'an address or a host name'),
    protocol: word(['UDP', 'TCP']).default('UDP'),
    port: port().default(53),
    trace: truth().default(false),
    ipVersion: ipVersion(),
  }),
  mtr: exact({ protocol: word(['ICMP', 'TCP', 'UDP']).default('ICMP'), ...packetOptions() }),
  http: exact({
    request: httpRequest.prefault({}),
    protocol: word(['HTTPS', 'HTTP', 'HTTP2']).default('HTTPS'),
    port: port().optional(),
    resolver: publicResolver(isIpLiteral, 'an IPv4 or IPv6 address'),
    ipVersion: ipVersion(),
  }),
};

export type MeasurementType = keyof typeof OPTIONS;
export const MEASUREMENT_TYPES = Object.keys(OPTIONS) as [MeasurementType, ...MeasurementType[]];

type Versioned<Read> = Omit<Read, 'ipVersion'> & { ipVersion: 4 | 6 };
/** Options of a type with every default, and the family that is measured over. */
export type OptionsOf<Type extends MeasurementType> = Versioned<z.output<(typeof OPTIONS)[Type]>>;

/** What is measured, by its type. */
export type Asked = {
  [Type in MeasurementType]: { type: Type; target: string; options: OptionsOf<Type> };
}[MeasurementType];

/** Seconds that a test may take where the caller did not say. */
export function defaultTimeout(asked: Asked): number {
  switch (asked.type) {
    case 'ping':
    case 'mtr':
      return TIMEOUTS_S[asked.type](asked.options.packets);
    case 'dns':
      return asked.options.trace ? TIMEOUTS_S.dnsTrace : TIMEOUTS_S.dns;
    case 'traceroute':
    case 'http':
      return TIMEOUTS_S[asked.type];
  }
}
