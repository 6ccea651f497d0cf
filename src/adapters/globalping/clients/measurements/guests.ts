import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { type NextFunction, type Response } from 'express';
import { ENV } from '../../../../config/config.module.js';
import { type Env } from '../../../../config/env.js';
import { AuthService, type UserEntity } from '../../../../core/users/index.js';
import { clientOf } from '../../../../platform/http/client-address.js';
import { credentialOf } from '../../../../platform/http/credentials.js';
import { type AuthenticatedRequest } from '../../../../platform/http/permissions.js';
import { type Caller } from './creation.service.js';

const guests = new WeakSet<AuthenticatedRequest>();

/** Lets in who shows nothing, where the operator has named the account that pays. */
@Injectable()
export class Guests implements NestMiddleware {
  constructor(
    private readonly auth: AuthService,
    @Inject(ENV) private readonly env: Pick<Env, 'globalpingAnonymousAccount'>,
  ) {}

  async use(request: AuthenticatedRequest, _response: Response, next: NextFunction): Promise<void> {
    const email = this.env.globalpingAnonymousAccount;
    if (email !== undefined && credentialOf(request.headers) === undefined) {
      const payer = await this.auth.payer(email);
      if (payer !== undefined) {
        request.user = payer;
        guests.add(request);
      }
    }
    next();
  }
}

/** @param user that the guard has found, or that pays for a guest */
export function callerOf(request: AuthenticatedRequest, user: UserEntity): Caller {
  const asker = guests.has(request)
    ? { type: 'ip' as const, key: clientOf(request.ip) }
    : { type: 'user' as const, key: user._id.toHexString() };
  return { payer: user, asker };
}
