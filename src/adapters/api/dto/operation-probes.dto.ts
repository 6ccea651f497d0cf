import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsString, Matches, ValidateIf } from 'class-validator';
import { type ChangedProbes } from '../../../core/operations/index.js';
import { MAX_PROBES } from '../../../core/probes/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { NotBeside, Optional } from '../../../platform/validation/optional.js';
import { SelectionDto } from './selection.dto.js';

const SOME_PROBES = { message: `must be a list of 1 to ${MAX_PROBES} ids, or absent where select is given` };
const IDS = { message: `must be a list of 1 to ${MAX_PROBES} ids of probes` };
const idList = (description: string, minItems = 1) => ({
  ...{ type: 'array' as const, minItems, maxItems: MAX_PROBES, description },
  items: { type: 'string' as const, pattern: ID_PATTERN },
});

/** Exactly one of both. */
export class AddedProbesDto {
  @ApiPropertyOptional(idList('Ids of probes.'))
  @ValidateIf(({ probes, select }: AddedProbesDto) => probes !== undefined || select === undefined)
  @IsArray(SOME_PROBES)
  @ArrayNotEmpty(SOME_PROBES)
  @ArrayMaxSize(MAX_PROBES, SOME_PROBES)
  @IsString({ each: true, ...SOME_PROBES })
  probes?: string[];

  @ApiPropertyOptional({
    type: SelectionDto,
    description: 'Instead of `probes`: a rule to choose them by, now.',
  })
  @Optional()
  @NotBeside('probes')
  @ObjectOf(() => SelectionDto)
  select?: SelectionDto;
}

export class TakenProbesDto {
  @ApiProperty(idList('Ids of probes.'))
  @IsArray(IDS)
  @ArrayNotEmpty(IDS)
  @ArrayMaxSize(MAX_PROBES, IDS)
  @IsString({ each: true, ...IDS })
  @Matches(new RegExp(ID_PATTERN), { each: true, ...IDS })
  probes: string[];
}

export class ChangedProbesDto {
  @ApiProperty(idList('Those that were added, or taken away.', 0))
  probes: string[];

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Probes that the operation was ever given to.' })
  probe_count: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Credits paid for the operation so far.' })
  credits: number;

  @ApiProperty({ type: 'integer', nullable: true, minimum: 0, description: 'Credits paid back so far.' })
  refunded: number | null;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Of the operation; also in ETag.' })
  revision: number;

  static from({ operation, probes }: ChangedProbes): ChangedProbesDto {
    const { probe_count, credits, refunded, revision } = operation;
    return {
      probes: probes.map((probe) => probe.toHexString()),
      ...{ probe_count, credits, refunded: refunded ?? null, revision },
    };
  }
}
