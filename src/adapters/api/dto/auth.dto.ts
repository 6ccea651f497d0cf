import { ApiProperty } from '@nestjs/swagger';
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
}

export class NewEmailDto extends ConfirmationDto {
  @ApiProperty({ minLength: 3, maxLength: 320, pattern: '@', example: 'ada@example.net' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(320)
  email: string;
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
