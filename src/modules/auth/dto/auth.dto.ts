import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

export class CredentialsDto {
  @ApiProperty({
    maxLength: 254,
    example: 'ada@example.org',
    description: 'Case and surrounding space do not matter.',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(320)
  email: string;

  @ApiProperty({
    minLength: 8,
    maxLength: 72,
    example: 'Correct-Horse-7',
    description: 'At least one upper case, one lower case, one digit and one of !"@#$%^&*()-+?_=,/',
  })
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
}
