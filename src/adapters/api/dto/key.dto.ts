import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsIn, IsString, Length, Matches } from 'class-validator';
import { type KeyEntity } from '../../../core/users/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { type Scope, SCOPES } from '../../../platform/http/permissions.js';
import { NOT_ONE_LINE, ONE_LINE } from '../../../platform/validation/one-line.js';
import { Optional } from '../../../platform/validation/optional.js';
import { INSTANT, IsInstant } from './results-query.dto.js';

const SCOPES_SAID =
  'What it may do: `read`; `measure` (make and stop operations); `probes` (register and change probes); `admin` (what superusers do; only theirs).';

export class NewKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'collector on host-7', description: 'For people.' })
  @IsString()
  @Length(1, 100)
  @Matches(ONE_LINE, NOT_ONE_LINE)
  name: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...SCOPES] },
    minItems: 1,
    maxItems: SCOPES.length,
    uniqueItems: true,
    example: ['read'],
    description: SCOPES_SAID,
  })
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @ArrayUnique({ message: 'must not name one twice' })
  @IsIn(SCOPES, { each: true, message: `must be some of ${SCOPES.join(', ')}` })
  scopes: Scope[];

  @ApiPropertyOptional({
    ...INSTANT,
    example: '2030-01-01T00:00:00Z',
    description: 'It is over then; absent: when it is revoked.',
  })
  @Optional()
  @IsInstant()
  expires_at?: string;
}

export class KeyDto {
  @ApiProperty({ pattern: ID_PATTERN, description: 'Names it; it is not the key.' })
  id: string;

  @ApiProperty({ example: 'collector on host-7' })
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: Scope[];

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'A key does not change: when it was made.' })
  updated_at: string;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  expires_at: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: 'To the minute; null: never.',
  })
  last_used_at: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'From where: an IPv4 address, or the /64 of an IPv6 address.',
    example: '192.0.2.1',
  })
  last_used_from: string | null;

  static from(key: KeyEntity): KeyDto {
    return {
      id: key._id.toHexString(),
      name: key.name,
      scopes: key.scopes,
      created_at: key.created_at.toISOString(),
      updated_at: key.created_at.toISOString(),
      expires_at: key.expires_at?.toISOString() ?? null,
      last_used_at: key.last_used_at?.toISOString() ?? null,
      last_used_from: key.last_used_from ?? null,
    };
  }
}

export class KeyWithSecretDto extends KeyDto {
  @ApiProperty({
    format: 'uuid',
    description: 'The key, shown this once. Send it as `Authorization: Key` or `Authorization: Bearer`.',
  })
  key: string;
}
