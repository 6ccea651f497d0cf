import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { type Request } from 'express';

export const ACCESS = 'access';
/** Who may call a route. A route that states nothing is closed to everybody. */
export type Permission = 'public' | 'door' | 'reader' | 'user' | 'superuser';

/** What a key may be allowed: to read; to make and stop operations; to register and change probes; what superusers do. */
export const SCOPES = ['read', 'measure', 'probes', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a key may be allowed beside these where clients of RIPE Atlas use it; some of what `read` and `measure` allow. */
export const ATLAS_SCOPES = [
  'measurements.create',
  'measurements.stop',
  'measurements.update',
  'measurements.read',
  'credits.read',
] as const;
export const KEY_SCOPES = [...SCOPES, ...ATLAS_SCOPES] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];
/** Those of a key that does not say: all but the superusers'. */
export const USUAL_SCOPES = KEY_SCOPES.filter((scope) => scope !== 'admin');

/** What a route asks of its caller. Without a scope no key opens it, only an access token. */
export interface Access {
  who: Permission;
  scope?: Scope;
  /** it begins with the account as it was read lately: see ForUsersAhead */
  isAhead?: true;
}

const access = (who: Permission, scope?: Scope) =>
  SetMetadata<string, Access>(ACCESS, { who, ...(scope && { scope }) });

export const Public = () => access('public');
/** The door asks for credentials itself, in the words of its protocol. */
export const ByDoor = () => access('door');
/** Users, and visitors, who have no account and read what is public. @param scope with which a key will do */
export const ForReaders = (scope?: Scope) => access('reader', scope);
export const ForUsers = (scope?: Scope) => access('user', scope);
export const ForSuperusers = (scope?: Scope) => access('superuser', scope);

export const OWNED = 'owned';
/** Of a route on a thing that is somebody's: who may call it for one that is not theirs. The service decides; this is said of it. */
export type Owned = 'owner' | 'owner or superuser';
export const ForOwners = (owned: Owned) => SetMetadata<string, Owned>(OWNED, owned);

/** Whom a credential belongs to, as far as the permission of a route asks. */
export interface Principal {
  is_superuser: boolean;
  /** it has no account: it may read what is public */
  is_visitor?: true;
  /** how the caller showed who it is; `scopes`: of a key */
  via?: { scopes?: readonly KeyScope[] };
  /**
   * Of an account that was remembered: whether the credential and the account are as they were; rejects with why they are not.
   * Absent: both were read for this request.
   */
  confirmation?: { confirm(): Promise<void> };
}

/** What a caller shows: an access token, or a key. */
export interface Credential {
  kind: 'token' | 'key';
  text: string;
}

/** Tells whose credential it is. */
export abstract class Authenticator {
  /**
   * @param address of the client
   * @returns undefined for a credential that is none, or over
   * @throws DomainError forbidden, where the account is suspended
   */
  abstract identify(credential: Credential, address: string): Promise<Principal | undefined>;

  /**
   * As identify(), but at once where the account was read lately, which its `confirmation` is to confirm then.
   * @throws as identify()
   */
  abstract identifyAhead(credential: Credential, address: string): Promise<Principal | undefined>;
}

export type AuthenticatedRequest = Request & { user?: Principal };

/** The account that the guard has found. */
export const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (user === undefined) throw new Error('@CurrentUser() on a route without @ForUsers()');
  return user;
});
