import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsDefined,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { ID_PATTERN, idSchema, SAMPLE_IDS } from '../../../../platform/http/ids.js';
import { ObjectOf } from '../../../../platform/validation/object-of.js';
import { Tolerant } from '../../../../platform/validation/request-validation.pipe.js';
import { MAX_GRANT } from '../../../../core/ledger/index.js';
import { MAX_PROBES } from '../../../../core/probes/index.js';

@Tolerant()
export class ClassicCredentialsDto {
  @ApiProperty({ example: 'ada@example.org', minLength: 1, maxLength: 320 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(320)
  email: string;

  @ApiProperty({ example: 'Correct-Horse-7', minLength: 1, maxLength: 1024 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(1024)
  password: string;
}

export class ClassicUserDto {
  @ApiProperty(idSchema('user'))
  _id: string;

  @ApiProperty({ example: 'ada@example.org' })
  email: string;

  @ApiProperty({ type: 'integer', minimum: 0 })
  credits: number;

  @ApiProperty()
  is_superuser: boolean;
}

export class ClassicTokenDto {
  @ApiProperty()
  access_token: string;
}

@Tolerant()
export class ClassicGrantDto {
  @ApiProperty({ ...idSchema('user'), description: 'Id of the user.' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  id: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_GRANT, example: 400 })
  @IsInt()
  @Min(1)
  @Max(MAX_GRANT)
  credits: number;
}

export class ClassicLocationDto {
  @ApiProperty({ minimum: -180, maximum: 180, example: -58.3816 })
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(-180)
  @Max(180)
  longitude: number;

  @ApiProperty({ minimum: -90, maximum: 90, example: -34.6037 })
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(-90)
  @Max(90)
  latitude: number;
}

@Tolerant()
export class ClassicRegisterProbeDto {
  @ApiProperty({ type: ClassicLocationDto })
  @ObjectOf(() => ClassicLocationDto)
  location: ClassicLocationDto;
}

export class ClassicProbeTokenDto {
  @ApiProperty({ description: "The probe's own token." })
  token: string;
}

export class ClassicAssignedProbeDto {
  @ApiProperty(idSchema('probe'))
  identifier: string;

  @ApiProperty(idSchema('user'))
  owner_id: string;

  @ApiProperty({ type: ClassicLocationDto })
  location: ClassicLocationDto;
}

export class ClassicProbeDto extends ClassicAssignedProbeDto {
  @ApiProperty()
  connected: boolean;

  @ApiPropertyOptional({ description: '1 - in_use_credits / total_credits; only while connected.' })
  availability?: number;
}

export class ClassicOwnProbeDto extends ClassicProbeDto {
  @ApiProperty()
  token: string;
}

@Tolerant()
export class ClassicCreateOperationDto {
  @ApiProperty({
    type: 'array',
    minItems: 1,
    maxItems: MAX_PROBES,
    items: { type: 'string', pattern: ID_PATTERN },
    example: [SAMPLE_IDS.probe],
  })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_PROBES)
  @IsString({ each: true })
  probes: string[];

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'Parameters of the kind, and `cron`, `stop_time` (dd/mm/YYYY HH:MM, UTC; past: one run), `times_per_minute`.',
    example: { ips: ['192.0.2.1'], cron: '* * * * *', stop_time: '01/01/2026 00:00', times_per_minute: 1 },
  })
  @IsDefined()
  params: unknown;

  @ApiPropertyOptional({
    description: 'traceroute: json or dump; of no effect for the others.',
    type: 'string',
    nullable: true,
    maxLength: 32,
    example: 'json',
  })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  result_format?: string;

  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    description: 'Of no effect.',
    maxLength: 32,
    example: 'ping',
  })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  operation?: string;
}

/** An operation without its results. */
export class ClassicOperationSummaryDto {
  @ApiProperty(idSchema('operation'))
  _id: string;

  @ApiProperty({ type: [ClassicAssignedProbeDto] })
  probes: ClassicAssignedProbeDto[];

  @ApiProperty({ type: 'object', additionalProperties: true })
  params: object;

  @ApiProperty({ type: 'integer', minimum: 0 })
  credits: number;

  @ApiProperty({ enum: ['json', 'dump', 'text'] })
  result_format: string;
}

export class ClassicResultDto {
  @ApiProperty({ ...idSchema('probe'), description: 'Identifier of the probe.' })
  probe: string;

  @ApiProperty({
    oneOf: [{ type: 'array', items: { type: 'object', additionalProperties: true } }, { type: 'string' }],
    description:
      'json: what sc_warts2json prints; dump: the rows of sc_analysis_dump; text: what dig printed.',
  })
  results: unknown;
}

export class ClassicOperationDto extends ClassicOperationSummaryDto {
  @ApiProperty({ type: [ClassicResultDto] })
  results: ClassicResultDto[];
}
