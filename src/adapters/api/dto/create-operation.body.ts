import { type ApiBodyOptions, getSchemaPath } from '@nestjs/swagger';
import { ID_PATTERN, SAMPLE_IDS } from '../../../platform/http/ids.js';
import { MAX_PROBES } from '../../../core/probes/index.js';
import { MAX_DESCRIPTION, MAX_OPERATION_NUMBER } from './operation-request.dto.js';
import { MAX_TAGS, TAG } from './probe.dto.js';
import { RetentionDto } from './retention.dto.js';
import { SelectionDto } from './selection.dto.js';
import { KIND_NAMES, type KindName, KINDS } from '../../../measurement/kinds/index.js';
import { VISIBILITIES } from '../../../core/assignments/index.js';
import { refTo } from '../../../platform/http/zod-schema.js';
import { namedAfter, oneOfKinds, scheduleSchema } from '../schema-names.js';

/** The body of `POST /api/v1/operations`: a form for each kind, since each has its own `params`. */
export function createOperationBody(): ApiBodyOptions {
  return {
    schema: oneOfKinds('CreationDto'),
    examples: {
      ...Object.fromEntries(KIND_NAMES.map((kind) => [kind, exampleOf(kind)])),
      by_rule: exampleByRule(),
    },
  };
}

function exampleByRule() {
  const { params, schedule } = KINDS.ping.example;
  const select = { count: 1, near: { longitude: -58.38, latitude: -34.6 } };
  return {
    summary: 'Ping from the probe that is nearest to a place',
    value: { kind: 'ping', params, schedule, select },
  };
}

function exampleOf(kind: KindName) {
  const { summary, params, schedule } = KINDS[kind].example;
  const value = { kind, params, schedule, probes: [SAMPLE_IDS.probe], visibility: 'public' };
  return { summary, value };
}

/** The form of one kind: the schema that createOperationBody() names. */
export function creationForm(kind: KindName) {
  const { description, params } = KINDS[kind];
  const { destinationLists } = params;
  return {
    type: 'object' as const,
    title: kind,
    description,
    required: ['kind', 'params', 'schedule'],
    oneOf: [{ required: ['probes'] }, { required: ['select'] }],
    properties: {
      kind: { type: 'string', enum: [kind] },
      params: {
        description: `At least one destination, in ${destinationLists.map((name) => `\`${name}\``).join(' or ')}.`,
        allOf: [refTo(namedAfter(kind, 'Params')), { anyOf: destinationLists.map(atLeastOne) }],
      },
      schedule: scheduleSchema(),
      probes: {
        description: 'Ids of probes; those that are away get the operation when they come.',
        type: 'array',
        minItems: 1,
        maxItems: MAX_PROBES,
        items: { type: 'string', pattern: ID_PATTERN },
      },
      select: {
        description: 'Instead of `probes`: a rule to choose them by, once, when the operation is made.',
        allOf: [{ $ref: getSchemaPath(SelectionDto) }],
      },
      visibility: {
        description: 'Who may read it and its results.',
        type: 'string',
        enum: [...VISIBILITIES],
        default: 'public',
      },
      retention: {
        description:
          'For how long its data are kept; what is not stated is kept as long as the platform keeps it.',
        allOf: [{ $ref: getSchemaPath(RetentionDto) }],
      },
      description: { description: 'For people.', type: 'string', maxLength: MAX_DESCRIPTION },
      tags: {
        description: 'Of the operation, for finding it again.',
        ...{ type: 'array', maxItems: MAX_TAGS, items: { type: 'string', pattern: TAG.source } },
      },
      number: {
        description:
          'Superusers only: a number of their choice, which nothing else has. Absent: the next one.',
        type: 'integer',
        minimum: 1,
        maximum: MAX_OPERATION_NUMBER,
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
