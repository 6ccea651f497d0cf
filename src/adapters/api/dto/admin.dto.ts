import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { type AuditEntity } from '../../../core/audit/index.js';
import { MAX_GRANT } from '../../../core/ledger/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { NOT_ONE_LINE, ONE_LINE } from '../../../platform/validation/one-line.js';
import { Optional } from '../../../platform/validation/optional.js';
import { UserDto } from './user.dto.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

const REASON = { minLength: 1, maxLength: 200, example: 'scans networks of others' } as const;

export class ReasonDto {
  @ApiProperty({
    ...REASON,
    description: 'Why: it is shown to those whom it concerns, and in the audit log.',
  })
  @IsString()
  @Length(REASON.minLength, REASON.maxLength)
  @Matches(ONE_LINE, NOT_ONE_LINE)
  reason: string;
}

export class TakeDto extends ReasonDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_GRANT, example: 100 })
  @IsInt()
  @Min(1)
  @Max(MAX_GRANT)
  credits: number;
}

export class UsersQuery extends PageQuery {
  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 254,
    description: 'A part of the e-mail, in any case. All accounts are looked through, for 5 s at the most.',
  })
  @Optional()
  @IsString()
  @Length(1, 254)
  email?: string;

  @YesOrNo('Those alone that are suspended, or are not.')
  suspended?: boolean;
}

export class AdministeredUserDto extends UserDto {
  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: 'null: it is not.' })
  suspended_at: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  suspended_reason: string | null;

  static override from(user: UserEntity): AdministeredUserDto {
    return {
      ...UserDto.from(user),
      suspended_at: user.suspended?.at.toISOString() ?? null,
      suspended_reason: user.suspended?.reason ?? null,
    };
  }
}

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 200,
    description: 'What it was done to: an id, or a name.',
  })
  @Optional()
  @IsString()
  @Length(1, 200)
  target?: string;

  @ApiPropertyOptional({ pattern: ID_PATTERN, description: 'Who did it.' })
  @Optional()
  @Matches(new RegExp(ID_PATTERN), { message: 'must be 24 hexadecimal digits' })
  actor?: string;
}

const text = (description: string, example: string) =>
  ({ type: 'string', nullable: true, description, example }) as const;
const facts = (description: string) =>
  ({ type: 'object', nullable: true, additionalProperties: true, description }) as const;

export class AuditEntryDto {
  @ApiProperty({ pattern: ID_PATTERN })
  id: string;

  @ApiProperty({ format: 'date-time' })
  at: string;

  @ApiProperty(
    text('Id of who did it; null: somebody with a shell beside the server.', '6720a1b2c3d4e5f6000000a1'),
  )
  actor_id: string | null;

  @ApiProperty(text('What they were called then.', 'ada@example.org'))
  actor_email: string | null;

  @ApiProperty({ description: 'With what: `token`, `key:` with its id, `shell`.', example: 'token' })
  via: string;

  @ApiProperty(text('From where: an IPv4 address, or the /64 of an IPv6 address.', '192.0.2.1'))
  address: string | null;

  @ApiProperty({ description: 'A route, or a command.', example: 'POST /api/v1/users/{id}/suspend' })
  action: string;

  @ApiProperty(text('What it was done to.', '6720a1b2c3d4e5f6000000a1'))
  target: string | null;

  @ApiProperty(text('What they said of it.', 'scans networks of others'))
  reason: string | null;

  @ApiProperty(facts('What was so before, where that is worth telling.'))
  before: object | null;

  @ApiProperty(facts('What is so since.'))
  after: object | null;

  @ApiProperty(
    text('The log of the server has the request under this id.', 'f81d4fae-7dec-4d0f-8765-00a0c91e6bf6'),
  )
  request_id: string | null;

  @ApiProperty({
    description:
      'The server ended in the middle of it: look at `target` whether it was done. Entered within minutes.',
  })
  unfinished: boolean;

  static from(entry: AuditEntity): AuditEntryDto {
    return {
      id: entry._id.toHexString(),
      at: entry.at.toISOString(),
      actor_id: entry.actor?.toHexString() ?? null,
      actor_email: entry.actor_email ?? null,
      via: entry.via,
      address: entry.address ?? null,
      action: entry.action,
      target: entry.target ?? null,
      reason: entry.reason ?? null,
      before: entry.before ?? null,
      after: entry.after ?? null,
      request_id: entry.request_id ?? null,
      unfinished: entry.unfinished ?? false,
    };
  }
}

export class ServerDto {
  @ApiProperty({ description: 'Kept in its DATA_DIR.' })
  id: string;

  @ApiProperty({ description: 'Whether it was heard of lately. One that is not is forgotten in minutes.' })
  alive: boolean;

  @ApiProperty({ format: 'date-time', description: 'When it was heard of last.' })
  seen_at: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'That are connected to it.' })
  probe_count: number;

  @ApiProperty({ description: 'Whether it is the one that answers.' })
  answers: boolean;
}

export class LeaseDto {
  @ApiProperty({ description: 'A piece of work that one server does for all.', example: 'reliability' })
  work: string;

  @ApiProperty({ type: String, nullable: true, description: 'Id of the server that does it.' })
  server: string | null;

  @ApiProperty({ format: 'date-time', description: 'Until then others wait for it, unless it is renewed.' })
  until: string;
}

export class ServersDto {
  @ApiProperty({ type: [ServerDto] })
  items: ServerDto[];

  @ApiProperty({ type: [LeaseDto], description: 'Those that stand now.' })
  leases: LeaseDto[];
}
