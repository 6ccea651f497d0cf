import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsIn, IsString, Length, Matches } from 'class-validator';
import { type KeyEntity } from '../../../core/users/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { KEY_SCOPES, type KeyScope, USUAL_SCOPES } from '../../../platform/http/permissions.js';
import { NOT_ONE_LINE, ONE_LINE } from '../../../platform/validation/one-line.js';
import { Optional } from '../../../platform/validation/optional.js';
import { INSTANT, IsInstant } from './results-conditions.js';

const SCOPES_SAID =
  'What it may do: `read`; `measure` (make and stop operations); `probes` (register and change probes); `admin` (what superusers do; only theirs). For clients of RIPE Atlas, at `/api/v2`, some of it: `measurements.create`, `measurements.stop`, `measurements.update`, `measurements.read` (also your private ones), `credits.read`.';

export class NewKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'collector on host-7', description: 'For people.' })
  @IsString()
  @Length(1, 100)
  @Matches(ONE_LINE, NOT_ONE_LINE)
  name: string;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string', enum: [...KEY_SCOPES] },
    minItems: 1,
    maxItems: KEY_SCOPES.length,
    uniqueItems: true,
    example: ['read'],
    description: `${SCOPES_SAID} Absent: all but \`admin\`.`,
  })
  @Optional()
  @ArrayMinSize(1)
  @ArrayMaxSize(KEY_SCOPES.length)
  @ArrayUnique({ message: 'must not name one twice' })
  @IsIn(KEY_SCOPES, { each: true, message: `must be some of ${KEY_SCOPES.join(', ')}` })
  scopes: KeyScope[] = [...USUAL_SCOPES];

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

  @ApiProperty({ enum: KEY_SCOPES, isArray: true })
  scopes: KeyScope[];

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
