import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { NOT_ONE_LINE, ONE_LINE } from '../../../platform/validation/one-line.js';
import { Optional } from '../../../platform/validation/optional.js';
import { ID_PATTERN, idSchema } from '../../../platform/http/ids.js';
import {
  LEDGER_REASONS,
  type LedgerEntity,
  type LedgerReason,
  MAX_GRANT,
} from '../../../core/ledger/index.js';
import { type UserEntity } from '../../../core/users/index.js';

export class UserDto {
  @ApiProperty(idSchema('user'))
  id: string;

  @ApiProperty({ example: 'ada@example.org' })
  email: string;

  @ApiProperty({ type: 'integer', minimum: 0, example: 400 })
  credits: number;

  @ApiProperty()
  is_superuser: boolean;

  @ApiProperty({
    type: 'string',
    nullable: true,
    example: '/api/v1/users/6720a1b2c3d4e5f6000000a1/picture',
    description: 'Where the picture is; null: there is none.',
  })
  picture_url: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({
    format: 'date-time',
    description: 'The last change of e-mail, password, picture or suspension.',
  })
  updated_at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Raised by each such change; also in ETag.' })
  revision: number;

  static from(user: UserEntity): UserDto {
    return {
      id: user._id.toHexString(),
      email: user.email,
      credits: user.credits,
      is_superuser: user.is_superuser,
      picture_url: user.picture ? `/api/v1/users/${user._id.toHexString()}/picture` : null,
      created_at: user.created_at.toISOString(),
      updated_at: user.updated_at.toISOString(),
      revision: user.revision,
    };
  }
}

export class GrantDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_GRANT, example: 1000 })
  @IsInt()
  @Min(1)
  @Max(MAX_GRANT)
  credits: number;

  @ApiPropertyOptional({ minLength: 1, maxLength: 200, description: 'Stands in the ledger of the user.' })
  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(ONE_LINE, NOT_ONE_LINE)
  reason?: string;
}

export class BalanceDto {
  @ApiProperty(idSchema('user'))
  id: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'The balance after it.' })
  credits: number;
}

export class LedgerEntryDto {
  @ApiProperty({ pattern: ID_PATTERN })
  id: string;

  @ApiProperty({ type: 'integer', description: 'Credits; negative: paid.' })
  amount: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  balance_after: number;

  @ApiProperty({ enum: LEDGER_REASONS })
  reason: LedgerReason;

  @ApiProperty({ description: 'What it was for.', example: 'operation:6720a1b2c3d4e5f601234567' })
  reference: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'What a superuser said of it.' })
  note: string | null;

  @ApiProperty({ format: 'date-time' })
  at: string;

  static from(entry: LedgerEntity): LedgerEntryDto {
    const { _id, amount, balance_after, reason, reference, note = null, at } = entry;
    return { id: _id.toHexString(), amount, balance_after, reason, reference, note, at: at.toISOString() };
  }
}
