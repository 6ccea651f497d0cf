import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '../errors/domain.error.js';
import { clientOf } from './client-address.js';
import { credentialOf, secretInAddress } from './credentials.js';
import {
  type Access,
  ACCESS,
  type AuthenticatedRequest,
  Authenticator,
  type Principal,
  type Scope,
} from './permissions.js';

/** Default-deny: a route without a stated permission is closed. Sockets authenticate in their namespace's middleware. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.who === 'public' || access?.who === 'door') return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    refuseSecretsIn(request.query);
    const credential = credentialOf(request.headers);
    // a door that lets in guests has put the account there that pays for them
    const identify = access?.isAhead === true ? 'identifyAhead' : 'identify';
    const user = credential
      ? await this.authenticator[identify](credential, clientOf(request.ip))
      : request.user;
    if (user === undefined || access === undefined) {
      throw new DomainError('unauthenticated', 'A valid access token or key is needed');
    }
    if (user.is_visitor === true && access.who !== 'reader') {
      throw new DomainError('unauthenticated', 'Visitors read what is public: log in to do more');
    }
    request.user = user;
    checkScope(user, access.scope);
    if (access.who === 'superuser' && !user.is_superuser) throw this.notSuperuser(request);
    return true;
  }

  /** The classic contract says 401 here; the native API tells "who are you" (401) from "not you" (403). */
  private notSuperuser(request: AuthenticatedRequest): DomainError {
    const native = request.path.startsWith('/api/');
    return new DomainError(native ? 'forbidden' : 'unauthenticated', 'Only a superuser may do this');
  }
}

/** Addresses stand in the logs of proxies and in histories. @throws DomainError unauthenticated */
function refuseSecretsIn(query: object): void {
  const name = secretInAddress(query);
  if (name === undefined) return;
  throw new DomainError(
    'unauthenticated',
    `A key is not taken from the address (${name}): addresses are logged. Send it as "Authorization: Key ...", and revoke one that was sent so`,
  );
}

/** @param scope that the route states; undefined: it is for tokens alone @throws DomainError forbidden */
function checkScope({ via }: Principal, scope: Scope | undefined): void {
  if (via?.scopes === undefined) return;
  if (scope === undefined)
    throw new DomainError('forbidden', 'No key opens this: log in, and use the access token');
  if (!via.scopes.includes(scope)) {
    throw new DomainError(
      'forbidden',
      `This needs a key with the scope ${scope}; this one has ${via.scopes.join(', ')}`,
    );
  }
}
