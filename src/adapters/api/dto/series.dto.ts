import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import {
  type Column,
  columnsOf,
  EXACT_UP_TO,
  type HopValues,
  MOST_HOPS,
  RELATIVE_ERROR,
  type Series,
  type SeriesAnswer,
  type Step,
  STEP_NAMES,
  STEPS,
  type Values,
  type ValuesByColumn,
} from '../../../derived/series/index.js';
import { KIND_NAMES, type KindName } from '../../../measurement/kinds/index.js';
import { ID_PATTERN, idSchema } from '../../../platform/http/ids.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toList } from '../../../platform/validation/query-values.js';
import { Ids, INSTANT, IsInstant } from './results-conditions.js';

const MOST_METRICS = 200;

/** Names, with commas between or each on its own. */
const toNames = ({ value }: { value: unknown }): unknown => {
  const list = toList({ value });
  return Array.isArray(list)
    ? list.flatMap((each: unknown) => (typeof each === 'string' ? each.split(',') : each))
    : list;
};

class SeriesQueryBase {
  @ApiPropertyOptional({
    ...INSTANT,
    description: 'From the bucket on that holds this time; by default from the first run on.',
  })
  @Optional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({
    ...INSTANT,
    description:
      'Up to the bucket that holds what was just before this time; by default up to now, or to the end of the operation.',
  })
  @Optional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({
    enum: STEP_NAMES,
    description:
      'Width of a bucket; by default the first that makes at most 750 of them. Narrower ones than 1h are calculated from 50,000 results at most.',
  })
  @Optional()
  @IsIn(STEP_NAMES, { message: `must be one of ${STEP_NAMES.join(', ')}` })
  bucket?: Step;

  @Ids('Only of this probe; may be repeated: of these together, or each on its own.')
  probe?: string[];

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MOST_METRICS,
    items: { type: 'string' },
    description: 'Names of columns, with commas between or repeated; by default all that the kind has.',
    example: ['loss', 'rtt_p50_ms'],
  })
  @Optional()
  @Transform(toNames)
  @ArrayMaxSize(MOST_METRICS)
  @Matches(/^[a-z0-9_]{1,40}$/, { each: true, message: 'must be names of columns' })
  metrics?: string[];

  @ApiPropertyOptional({ enum: ['json', 'csv'], description: 'Goes before `Accept`.' })
  @Optional()
  @IsIn(['json', 'csv'])
  format?: 'json' | 'csv';
}

export class OperationSeriesQuery extends SeriesQueryBase {
  @ApiPropertyOptional({
    enum: ['all', 'probe', 'destination', 'both'],
    default: 'all',
    description: 'One series of all, one of each probe, of each destination, or of each pair of these.',
  })
  @Optional()
  @IsIn(['all', 'probe', 'destination', 'both'], { message: 'must be all, probe, destination or both' })
  by: 'all' | 'probe' | 'destination' | 'both' = 'all';

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 2000,
    description: 'Only of this destination, exactly as it was asked for.',
  })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  destination?: string;
}

export class TargetSeriesQuery extends SeriesQueryBase {
  @ApiProperty({
    minLength: 1,
    maxLength: 2000,
    description: 'A destination, as operations asked for it: a name, an address or a URL.',
    example: 'www.example.org',
  })
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  target: string;

  @ApiPropertyOptional({ enum: KIND_NAMES, description: 'Of the operations, where they are of several.' })
  @Optional()
  @IsIn(KIND_NAMES, { message: `must be one of ${KIND_NAMES.join(', ')}` })
  kind?: KindName;

  @Ids('Only of this operation; may be repeated: of these together, or each on its own.')
  operation?: string[];

  @ApiPropertyOptional({
    enum: ['all', 'operation', 'probe'],
    default: 'all',
    description: 'One series of all, one of each operation, or of each probe.',
  })
  @Optional()
  @IsIn(['all', 'operation', 'probe'], { message: 'must be all, operation or probe' })
  by: 'all' | 'operation' | 'probe' = 'all';
}

const EMPTY_TEXT: Record<Column['type'], string> = {
  count: '',
  figure: ' null without a basis.',
  counts: ' By its text, 64 at the most and `other`; without those that never came.',
};

function schemaOf({ type, description }: Column) {
  const count = { type: 'integer' as const, minimum: 0 };
  const list = {
    type: 'array' as const,
    items: type === 'figure' ? { type: 'number' as const, nullable: true } : count,
  };
  const said = { description: description + EMPTY_TEXT[type] };
  return type === 'counts'
    ? { type: 'object' as const, additionalProperties: { type: 'array' as const, items: count }, ...said }
    : { ...list, ...said };
}

const ALL_COLUMNS = KIND_NAMES.flatMap((kind) => columnsOf(kind));

function isOfHop({ from }: Column): boolean {
  return from === 'hops';
}

/** Columns of all kinds; a name means the same everywhere. */
function valuesSchema(columns = ALL_COLUMNS.filter((column) => !isOfHop(column))) {
  return {
    type: 'object' as const,
    properties: Object.fromEntries(columns.map((column) => [column.name, schemaOf(column)])),
    additionalProperties: false,
    description: 'Columns: of each the value of each bucket, in order.',
  };
}

function Nullable(of: object): PropertyDecorator {
  return applyDecorators(ApiProperty({ oneOf: [of, { type: 'null' }] }));
}

class HopSeriesDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_HOPS })
  ttl: number;

  @ApiProperty(valuesSchema(ALL_COLUMNS.filter(isOfHop)))
  values: ValuesByColumn;
}

/** A member of each series. */
function Hops(): PropertyDecorator {
  return ApiPropertyOptional({
    type: [HopSeriesDto],
    description: `Of kind mtr: the figures of each hop, by TTL from 1, ${MOST_HOPS} at the most. Absent of other kinds, and where \`metrics\` names no column of hops.`,
  });
}

class OneSeriesDto {
  @Nullable(idSchema('probe'))
  probe_id: string | null;

  @Nullable({ type: 'string' })
  destination: string | null;

  @ApiProperty(valuesSchema())
  values: ValuesByColumn;

  @Hops()
  hops?: HopValues[];

  static from({ probe, destination, values, hops }: Series): OneSeriesDto {
    return {
      probe_id: probe?.toHexString() ?? null,
      destination: destination ?? null,
      values,
      ...(hops && { hops }),
    };
  }
}

class QuantilesDto {
  @ApiProperty({
    enum: ['inverted_cdf'],
    description: 'p95 is the smallest value that at least 95 of 100 do not exceed (RFC 2330, section 11.3).',
  })
  definition: 'inverted_cdf';

  @ApiProperty({ type: 'number', description: 'Of a quantile, at most; others figures are exact.' })
  relative_error: number;

  @ApiProperty({ type: 'integer', description: 'Of so many values, or fewer, quantiles are exact too.' })
  exact_up_to: number;
}

class SeriesBehindDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Results of the platform that are not in it yet.',
  })
  results: number;

  @ApiProperty({
    type: 'number',
    minimum: 0,
    description: 'Seconds since the oldest of them became durable.',
  })
  seconds: number;
}

class SeriesDtoBase {
  @ApiProperty({ enum: KIND_NAMES })
  kind: KindName;

  @ApiProperty({ format: 'date-time', description: 'Begin of the first bucket.' })
  from: string;

  @ApiProperty({ format: 'date-time', description: 'End of the last bucket.' })
  to: string;

  @ApiProperty({ enum: STEP_NAMES })
  bucket: Step;

  @ApiProperty({ type: 'integer', minimum: 60, description: 'The same in seconds.' })
  bucket_s: number;

  @ApiProperty({ type: QuantilesDto })
  quantiles: QuantilesDto;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', format: 'date-time' },
    description: 'Begin of each bucket: whole multiples of its width since 1970, by UTC.',
  })
  times: string[];

  @ApiProperty({ type: SeriesBehindDto })
  behind: SeriesBehindDto;

  protected static head({ kind, buckets, behind }: SeriesAnswer): SeriesDtoBase {
    const { from, to, step, widthMs } = buckets;
    return {
      kind,
      behind,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      bucket: step,
      bucket_s: STEPS[step] / 1_000,
      quantiles: {
        definition: 'inverted_cdf',
        relative_error: RELATIVE_ERROR,
        exact_up_to: EXACT_UP_TO,
      },
      times: Array.from({ length: buckets.count }, (_, bucket) =>
        new Date(from + bucket * widthMs).toISOString(),
      ),
    };
  }
}

export class SeriesDto extends SeriesDtoBase {
  @ApiProperty({ type: 'string', pattern: ID_PATTERN })
  operation_id: string;

  @ApiProperty({ enum: ['all', 'probe', 'destination', 'both'] })
  by: OperationSeriesQuery['by'];

  @ApiProperty({ type: [OneSeriesDto] })
  series: OneSeriesDto[];

  static of(operation_id: string, by: OperationSeriesQuery['by'], answer: SeriesAnswer): SeriesDto {
    return {
      operation_id,
      by,
      ...SeriesDtoBase.head(answer),
      series: answer.series.map((each) => OneSeriesDto.from(each)),
    };
  }
}

class OneTargetSeriesDto {
  @Nullable(idSchema('operation'))
  operation_id: string | null;

  @Nullable(idSchema('probe'))
  probe_id: string | null;

  @ApiProperty(valuesSchema())
  values: ValuesByColumn;

  @Hops()
  hops?: HopValues[];
}

export class TargetSeriesDto extends SeriesDtoBase {
  @ApiProperty()
  target: string;

  @ApiProperty({ type: [String], description: 'That have measured it, and that you may see.' })
  operation_ids: string[];

  @ApiProperty({ enum: ['all', 'operation', 'probe'] })
  by: TargetSeriesQuery['by'];

  @ApiProperty({ type: [OneTargetSeriesDto] })
  series: OneTargetSeriesDto[];

  static of(
    { target, by }: TargetSeriesQuery,
    operation_ids: string[],
    answer: SeriesAnswer,
  ): TargetSeriesDto {
    return {
      ...{ target, operation_ids, by },
      ...SeriesDtoBase.head(answer),
      series: answer.series.map(({ operation, probe, values, hops }) => ({
        operation_id: operation?.toHexString() ?? null,
        probe_id: probe?.toHexString() ?? null,
        values,
        ...(hops && { hops }),
      })),
    };
  }
}

/** @returns the value of a bucket, as one cell of CSV has it: `NOERROR=58 SERVFAIL=2` */
export function cellOf(values: Values | undefined, bucket: number): string | number | null {
  if (values === undefined) return null;
  if (Array.isArray(values)) return values[bucket] ?? null;
  return Object.entries(values)
    .filter(([, counts]) => (counts[bucket] ?? 0) > 0)
    .map(([text, counts]) => `${text}=${counts[bucket] ?? 0}`)
    .join(' ');
}
