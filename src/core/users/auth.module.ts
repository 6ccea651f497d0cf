import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { createSecretKey } from 'node:crypto';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { UsersModule } from './users.module.js';
import { AttemptsService } from './attempts.service.js';
import { AuthGuard } from '../../platform/http/auth.guard.js';
import { Authenticator } from '../../platform/http/permissions.js';
import { AccessWatch } from './access-watch.js';
import { KeysService } from './keys.service.js';
import { CredentialsService } from './credentials.service.js';
import { PicturesService } from './pictures.service.js';
import { PasswordsService } from './passwords.service.js';
import { AuthService } from './auth.service.js';
import { TokensService } from './tokens.service.js';

@Module({
  imports: [
    UsersModule,
    JwtModule.registerAsync({
      inject: [ENV],
      // a key, not its text: jsonwebtoken would try for each token whether the text is a public key in PEM, which takes half a millisecond
      useFactory: (env: Env) => ({
        secret: createSecretKey(Buffer.from(env.secretKey)),
        signOptions: { algorithm: 'HS256' },
      }),
    }),
  ],
  providers: [
    TokensService,
    AttemptsService,
    KeysService,
    PasswordsService,
    PicturesService,
    CredentialsService,
    AccessWatch,
    AuthService,
    { provide: Authenticator, useExisting: AuthService },
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [
    TokensService,
    AuthService,
    KeysService,
    AccessWatch,
    PasswordsService,
    CredentialsService,
    PicturesService,
  ],
})
export class AuthModule {}
