import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../errors/domain.error.js';
import { type AuthenticatedRequest, Authenticator, PERMISSION, type Permission } from './permissions.js';

/** Default-deny: a route without a stated permission is closed. Sockets authenticate in their namespace's middleware. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(PERMISSION, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (permission === 'public') return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const token = tokenOf(request.headers);
    const user = token === undefined ? undefined : await this.authenticator.identify(token);
    if (user === undefined || permission === undefined) {
      throw new DomainError('unauthenticated', 'A valid access token is needed');
    }
    if (user.is_visitor === true && permission !== 'reader') {
      throw new DomainError('unauthenticated', 'Visitors read what is public: log in to do more');
    }
    request.user = user;
    if (permission === 'superuser' && !user.is_superuser) throw this.notSuperuser(request);
    return true;
  }

  /** The classic contract says 401 here; the native API tells "who are you" (401) from "not you" (403). */
  private notSuperuser(request: AuthenticatedRequest): DomainError {
    const native = request.path.startsWith('/api/');
    return new DomainError(native ? 'forbidden' : 'unauthenticated', 'Only a superuser may do this');
  }
}

/** @returns the token in `access_token` (classic) or `Authorization: Bearer` */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const classic = headers['access_token'];
  if (typeof classic === 'string' && classic !== '') return classic;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '');
  return bearer?.[1];
}
