import { type ApiBodyOptions, getSchemaPath } from '@nestjs/swagger';
import { ID_PATTERN, SAMPLE_IDS } from '../../../common/http/ids.js';
import { KIND_NAMES, type KindName, KINDS } from '../kinds/index.js';
import { VISIBILITIES } from '../operation.schema.js';
import { scheduleSchema } from '../schedule/schedule.dto.js';
import { MAX_PROBES } from './operation.dto.js';

/** One for each kind and for each form of a schedule; the targets are documentation addresses (RFC 5737). */
const EXAMPLES = {
  ping: {
    summary: 'Four pings, now',
    value: request('ping', { ips: ['192.0.2.1'], probecount: 4 }, { type: 'once' }),
  },
  traceroute: {
    summary: 'A traceroute, now',
    value: request('traceroute', { ips: ['192.0.2.1'], method: 'icmp-paris' }, { type: 'once' }),
  },
  dns: {
    summary: "Name look-ups at noon of each New Year's Day",
    value: request(
      'dns',
      { fqdns: ['example.org'], type: 'aaaa' },
      { type: 'cron', cron: '0 12 1 1 *', stop: '2030-01-02T00:00:00Z' },
    ),
  },
};

/** The body of `POST /api/v1/operations`: a form for each kind, since each has its own `params`. */
export function createOperationBody(): ApiBodyOptions {
  return { schema: { oneOf: KIND_NAMES.map(formOf) }, examples: EXAMPLES };
}

function formOf(kind: KindName) {
  return {
    type: 'object' as const,
    title: kind,
    required: ['kind', 'params', 'schedule', 'probes'],
    properties: {
      kind: { type: 'string', enum: [kind] },
      params: {
        description: 'At least one destination, in `ips` or `fqdns`.',
        allOf: [
          { $ref: getSchemaPath(KINDS[kind].paramsClass) },
          { anyOf: ['ips', 'fqdns'].map(atLeastOne) },
        ],
      },
      schedule: scheduleSchema(),
      probes: {
        description: 'Ids of probes; those that are away get the operation when they come.',
        type: 'array',
        minItems: 1,
        maxItems: MAX_PROBES,
        items: { type: 'string', pattern: ID_PATTERN },
      },
      visibility: {
        description: 'Who may read it and its results.',
        type: 'string',
        enum: [...VISIBILITIES],
        default: 'public',
      },
    },
    additionalProperties: false,
  };
}

function atLeastOne(list: string) {
  return {
    type: 'object' as const,
    required: [list],
    properties: { [list]: { type: 'array', minItems: 1 } },
  };
}

function request(kind: KindName, params: object, schedule: object) {
  return { kind, params, schedule, probes: [SAMPLE_IDS.probe], visibility: 'public' };
}
