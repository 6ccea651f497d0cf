import { ApiProperty } from '@nestjs/swagger';
import { emailViolation, normaliseEmail, passwordViolation } from '../../../core/users/index.js';
import { type Violation } from '../../../platform/errors/domain.error.js';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

/** What is checked here is its form; the rules of passwords and e-mails stand in AuthService. */
export class NewAccountDto {
  @ApiProperty({
    minLength: 3,
    maxLength: 320,
    pattern: '@',
    example: 'ada@example.org',
    description: 'An e-mail address of at most 254 characters. Case and surrounding space do not matter.',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(320)
  email: string;

  @ApiProperty({
    minLength: 8,
    maxLength: 72,
    example: 'Correct-Horse-7',
    description:
      'At most 72 bytes; at least one upper case, one lower case, one digit and one of !"@#$%^&*()-+?_=,/',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(1024)
  password: string;

  /** What of a wrong body the service would find wrong as well (CheckedFurther). */
  static violationsBeyond({ email, password }: Record<string, unknown>): Violation[] {
    const found = [
      typeof email === 'string' ? emailViolation(normaliseEmail(email)) : undefined,
      typeof password === 'string' ? passwordViolation(password) : undefined,
    ];
    return found.filter((violation) => violation !== undefined);
  }
}

/** Of a new password. */
const PASSWORD = {
  minLength: 8,
  maxLength: 72,
  example: 'Correct-Horse-8',
  description:
    'At most 72 bytes; at least one upper case, one lower case, one digit and one of !"@#$%^&*()-+?_=,/',
} as const;

export class ConfirmationDto {
  @ApiProperty({
    minLength: 1,
    maxLength: 1024,
    example: 'Correct-Horse-7',
    description: 'The present password of the account.',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(1024)
  password: string;
}

export class NewPasswordDto extends ConfirmationDto {
  @ApiProperty(PASSWORD)
  @IsString()
  @IsNotEmpty()
  @MaxLength(1024)
  new_password: string;

  /** What of a wrong body the service would find wrong as well (CheckedFurther). */
  static violationsBeyond({ new_password }: Record<string, unknown>): Violation[] {
    const violation = typeof new_password === 'string' ? passwordViolation(new_password) : undefined;
    return violation === undefined ? [] : [{ ...violation, field: 'new_password' }];
  }
}

export class NewEmailDto extends ConfirmationDto {
  @ApiProperty({ minLength: 3, maxLength: 320, pattern: '@', example: 'ada@example.net' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(320)
  email: string;

  /** What of a wrong body the service would find wrong as well (CheckedFurther). */
  static violationsBeyond({ email }: Record<string, unknown>): Violation[] {
    return typeof email === 'string' ? [emailViolation(normaliseEmail(email)) ?? []].flat() : [];
  }
}

export class CredentialsDto {
  @ApiProperty({ minLength: 1, maxLength: 320, example: 'ada@example.org' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(320)
  email: string;

  @ApiProperty({ minLength: 1, maxLength: 1024, example: 'Correct-Horse-7' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(1024)
  password: string;
}

export class SessionDto {
  @ApiProperty({ description: 'Send it as `Authorization: Bearer` or as `access_token`.' })
  access_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type: 'Bearer';

  @ApiProperty({ format: 'date-time' })
  expires_at: string;

  static from({ token, expiresAt }: { token: string; expiresAt: Date }): SessionDto {
    return { access_token: token, token_type: 'Bearer', expires_at: expiresAt.toISOString() };
  }
}
