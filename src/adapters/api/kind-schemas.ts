import { SCHEDULE_SCHEMAS, type ScheduleType } from '@pladmed/protocol';
import { type OperationKind, WARTS } from '../../core/assignments/index.js';
import { OTHER_RECORD_TYPES, otherRecordSummary } from '../../measurement/formats/other-records.js';
import { KIND_NAMES, KINDS } from '../../measurement/kinds/index.js';
import { oneOfBy, openApiSchema, refTo, type Schema, type Schemas } from '../../platform/http/zod-schema.js';
import { formatsOf } from './result-formats.js';
import { creationForm } from './dto/create-operation.body.js';
import { namedAfter, otherSummaryName, SCHEDULE_NAMES } from './schema-names.js';

/**
 * Puts into the document what is stated in zod: the parameters of kinds, their summaries and the schedules. An operation becomes one form for each
 * kind, since each has its own `params`.
 * @param schemas those that NestJS has made of classes
 */
export function withKinds(schemas: Schemas): Schemas {
  const { OperationDto: operation = {}, ...others } = schemas;
  const schedules = Object.entries(SCHEDULE_SCHEMAS).map(([type, schema]) => [
    SCHEDULE_NAMES[type as ScheduleType],
    openApiSchema(schema),
  ]);
  const perKind = KIND_NAMES.flatMap((kind) => [
    [namedAfter(kind, 'Params'), openApiSchema(KINDS[kind].params.schema)],
    [namedAfter(kind, 'Summary'), openApiSchema(KINDS[kind].summary)],
    [namedAfter(kind, 'CreationDto'), creationForm(kind)],
    [namedAfter(kind, 'OperationDto'), ofKind(operation, kind)],
  ]);
  const warts = {
    ...ofKind(operation, WARTS),
    description: 'Made of a file: other measurements of scamper than our kinds.',
  };
  return {
    ...others,
    WartsOperationDto: warts,
    ...Object.fromEntries(
      OTHER_RECORD_TYPES.map((type) => [otherSummaryName(type), openApiSchema(otherRecordSummary(type))]),
    ),
    ...(Object.fromEntries([...schedules, ...perKind]) as Schemas),
    OperationDto: oneOfBy('kind', {
      ...Object.fromEntries(KIND_NAMES.map((kind) => [kind, namedAfter(kind, 'OperationDto')])),
      [WARTS]: 'WartsOperationDto',
    }),
  };
}

function ofKind(operation: Schema, kind: OperationKind): Schema {
  if ('$ref' in operation) return operation;
  const params =
    kind === WARTS
      ? { type: 'object' as const, additionalProperties: false }
      : { ...refTo(namedAfter(kind, 'Params')), description: 'Those that are measured with.' };
  return {
    ...operation,
    // what its results may be read as: `format` of their listing
    ...{ 'x-result-formats': formatsOf(kind) },
    properties: { ...operation.properties, kind: { type: 'string', enum: [kind] }, params },
  };
}
