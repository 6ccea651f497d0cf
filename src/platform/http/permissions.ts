import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { type Request } from 'express';

export const PERMISSION = 'permission';
/** Who may call a route. A route that states nothing is closed to everybody. */
export type Permission = 'public' | 'reader' | 'user' | 'superuser';

export const Public = () => SetMetadata(PERMISSION, 'public' satisfies Permission);
/** Users, and visitors, who have no account and read what is public. */
export const ForReaders = () => SetMetadata(PERMISSION, 'reader' satisfies Permission);
export const ForUsers = () => SetMetadata(PERMISSION, 'user' satisfies Permission);
export const ForSuperusers = () => SetMetadata(PERMISSION, 'superuser' satisfies Permission);

/** Whom a token belongs to, as far as the permission of a route asks. */
export interface Principal {
  is_superuser: boolean;
  /** it has no account: it may read what is public */
  is_visitor?: true;
}

/** Tells whose token it is. */
export abstract class Authenticator {
  /** @returns undefined for a token that is none, or over */
  abstract identify(token: string): Promise<Principal | undefined>;
}

export type AuthenticatedRequest = Request & { user?: Principal };

/** The account that the guard has found. */
export const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (user === undefined) throw new Error('@CurrentUser() on a route without @ForUsers()');
  return user;
});
