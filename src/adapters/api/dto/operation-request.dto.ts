import { applyDecorators } from '@nestjs/common';
import { ApiHideProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { ID_PATTERN, SAMPLE_IDS } from '../../../platform/http/ids.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { NotBeside, Optional } from '../../../platform/validation/optional.js';
import { MAX_PROBES } from '../../../core/probes/index.js';
import { SelectionDto } from './selection.dto.js';
import { Numbers } from './place.dto.js';
import { AreTags, Tags } from './probe-conditions.js';
import { MAX_TAGS, TAG } from './probe.dto.js';
import { RetentionDto } from './retention.dto.js';
import {
  OPERATION_STATES,
  type OperationState,
  VISIBILITIES,
  type Visibility,
} from '../../../core/assignments/index.js';
import { KIND_NAMES, type KindName, KINDS } from '../../../measurement/kinds/index.js';
import { readingOf } from '../../../measurement/params/reading.js';
import { parseSchedule } from '../../../measurement/schedule/parse-schedule.js';
import { type Violation } from '../../../platform/errors/domain.error.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

const SOME_PROBES = { message: `must be a list of 1 to ${MAX_PROBES} ids, or absent where select is given` };
export const MAX_DESCRIPTION = 255;
export const MAX_OPERATION_NUMBER = 2_000_000_000;
const IsDescription = () => applyDecorators(MaxLength(MAX_DESCRIPTION), IsString(), Optional());
const CHOSEN_NUMBER = { message: `must be a whole number from 1 to ${MAX_OPERATION_NUMBER}` };

/** Documented as createOperationBody(): what `params` may be depends on `kind`, and a class cannot say so. */
export class CreateOperationDto {
  @ApiHideProperty()
  @IsIn(KIND_NAMES)
  kind: KindName;

  @ApiHideProperty()
  @IsDefined()
  params: unknown;

  @ApiHideProperty()
  @IsDefined()
  schedule: unknown;

  /** exactly one of `probes` and `select` */
  @ApiHideProperty()
  @ValidateIf(({ probes, select }: CreateOperationDto) => probes !== undefined || select === undefined)
  @IsArray(SOME_PROBES)
  @ArrayNotEmpty(SOME_PROBES)
  @ArrayMaxSize(MAX_PROBES, SOME_PROBES)
  @IsString({ each: true, ...SOME_PROBES })
  probes?: string[];

  @ApiHideProperty()
  @Optional()
  @NotBeside('probes')
  @ObjectOf(() => SelectionDto)
  select?: SelectionDto;

  @ApiHideProperty()
  @Optional()
  @IsIn(VISIBILITIES)
  visibility?: Visibility;

  @ApiHideProperty()
  @Optional()
  @ObjectOf(() => RetentionDto)
  retention?: RetentionDto;

  @ApiHideProperty()
  @Optional()
  @IsInt(CHOSEN_NUMBER)
  @Min(1, CHOSEN_NUMBER)
  @Max(MAX_OPERATION_NUMBER, CHOSEN_NUMBER)
  number?: number;

  @ApiHideProperty()
  @IsDescription()
  description?: string;

  @ApiHideProperty()
  @AreTags()
  tags?: string[];

  /** What of a wrong body the service would find wrong as well (CheckedFurther). */
  static violationsBeyond({ kind, params, schedule }: Record<string, unknown>): Violation[] {
    const known = KIND_NAMES.find((name) => name === kind);
    const readings = [
      known && params !== undefined ? readingOf(() => KINDS[known].check(params, 'refuse')) : undefined,
      schedule === undefined ? undefined : readingOf(() => parseSchedule(schedule, new Date())),
    ];
    return readings.flatMap((reading) => (reading && 'violations' in reading ? reading.violations : []));
  }
}

/** What people know an operation by. */
export class UpdateOperationDto {
  @ApiPropertyOptional({ type: 'string', maxLength: MAX_DESCRIPTION, description: 'Empty: none.' })
  @IsDescription()
  description?: string;

  @ApiPropertyOptional({ type: 'array', maxItems: MAX_TAGS, items: { type: 'string', pattern: TAG.source } })
  @AreTags()
  tags?: string[];
}

export class OperationsQuery extends PageQuery {
  @Tags('Only those that have this tag; may be repeated: each of them.')
  tag?: string[];

  @Numbers('Only the one with this number; may be repeated: any of them.')
  number?: number[];

  @ApiPropertyOptional({
    ...{ type: 'string', minLength: 1, maxLength: 100 },
    description: 'Only those whose description has this text, in either case.',
  })
  @Optional()
  @IsString()
  @Length(1, 100)
  search?: string;

  @YesOrNo('Only your own.')
  mine?: boolean;

  @ApiPropertyOptional({
    ...{ pattern: ID_PATTERN, example: SAMPLE_IDS.probe },
    description: 'Only those that this probe is in: the newest 1,000.',
  })
  @Optional()
  @IsString()
  @Matches(new RegExp(ID_PATTERN), { message: 'must be the id of a probe: 24 hexadecimal digits' })
  probe?: string;

  @ApiPropertyOptional({ enum: KIND_NAMES })
  @Optional()
  @IsIn(KIND_NAMES)
  kind?: KindName;

  @ApiPropertyOptional({ enum: VISIBILITIES })
  @Optional()
  @IsIn(VISIBILITIES)
  visibility?: Visibility;

  @ApiPropertyOptional({
    enum: OPERATION_STATES,
    description:
      'Only those that are in this state now. A page looks through 10,000 operations at the most: it may have few items, or none, and yet a `next`.',
  })
  @Optional()
  @IsIn(OPERATION_STATES)
  state?: OperationState;

  @ApiPropertyOptional({
    ...{ type: 'string', minLength: 1, maxLength: 254 },
    description:
      'Only those that have this text, in either case, in their description or a destination; or of which it is the id, the number or a tag.',
  })
  @Optional()
  @IsString()
  @Length(1, 254)
  q?: string;
}
