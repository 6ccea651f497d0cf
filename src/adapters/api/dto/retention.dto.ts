import { ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { Optional } from '../../../platform/validation/optional.js';
import { KEPT_PARTS, type KeptFor, type OperationEntity, keptFor } from '../../../core/assignments/index.js';

/** A minute: nothing is deleted that is on its way to its readers. */
const LEAST_S = 60;
/** A hundred years. */
const MOST_S = 3_153_600_000;

const SECONDS = { type: 'integer', minimum: LEAST_S, maximum: MOST_S, nullable: true } as const;

function Seconds(description: string): PropertyDecorator {
  const check = ValidateBy({
    name: 'keptSeconds',
    validator: {
      validate: (value) =>
        value === null || (Number.isInteger(value) && Number(value) >= LEAST_S && Number(value) <= MOST_S),
      defaultMessage: () =>
        `must be a whole number of seconds from ${LEAST_S} to ${MOST_S}, or null: for ever`,
    },
  });
  return (target, name) => {
    ApiPropertyOptional({ ...SECONDS, description, example: 2_592_000 })(target, name);
    Optional()(target, name);
    check(target, name);
  };
}

/** How long is stated for an operation. What is absent is kept as long as the platform keeps it. */
export class RetentionDto {
  @Seconds('Seconds for which raw bytes are kept after they came; null: for as long as the result.')
  raw_s?: number | null;

  @Seconds('Seconds for which results are kept after they came; null: for ever.')
  results_s?: number | null;

  @Seconds('Seconds for which series made of results are kept; null: for ever.')
  rollups_s?: number | null;

  /** @returns only what is stated */
  static statedIn(stated: RetentionDto): RetentionDto {
    return Object.fromEntries(
      KEPT_PARTS.flatMap((part) => (stated[part] === undefined ? [] : [[part, stated[part]]])),
    );
  }
}

/** How long data of an operation are kept. */
export class KeptDto {
  @ApiProperty({ ...SECONDS, description: 'Of raw bytes; null: for as long as the result.' })
  raw_s: number | null;

  @ApiProperty({ ...SECONDS, description: 'Of results; null: for ever.' })
  results_s: number | null;

  @ApiProperty({ ...SECONDS, description: 'Of series; null: for ever.' })
  rollups_s: number | null;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...KEPT_PARTS] },
    description: 'Which of them the operation states; the others are what the platform keeps by default.',
  })
  stated: string[];

  static from({ retention = {} }: Pick<OperationEntity, 'retention'>, platform: KeptFor): KeptDto {
    return { ...keptFor(retention, platform), stated: KEPT_PARTS.filter((part) => part in retention) };
  }
}

/** `RetentionDto` where nothing may be stated at all. */
export const STATED_OR_NULL = {
  oneOf: [{ $ref: getSchemaPath(RetentionDto) }, { type: 'null' }],
  description:
    'How long its data are kept, as far as it was stated; null: nothing was, and the platform decides (`GET .../retention`).',
};
