import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { type Request } from 'express';
import { type UserEntity } from '../../core/users/user.schema.js';

export const PERMISSION = 'permission';
/** Who may call a route. A route that states nothing is closed to everybody. */
export type Permission = 'public' | 'user' | 'superuser';

export const Public = () => SetMetadata(PERMISSION, 'public' satisfies Permission);
export const ForUsers = () => SetMetadata(PERMISSION, 'user' satisfies Permission);
export const ForSuperusers = () => SetMetadata(PERMISSION, 'superuser' satisfies Permission);

export type AuthenticatedRequest = Request & { user?: UserEntity };

/** The account that the guard has found. */
export const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext): UserEntity => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (user === undefined) throw new Error('@CurrentUser() on a route without @ForUsers()');
  return user;
});
