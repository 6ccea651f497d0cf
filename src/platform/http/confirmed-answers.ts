import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { catchError, concatMap, type Observable } from 'rxjs';
import { type Access, ACCESS, type AuthenticatedRequest, type Scope } from './permissions.js';

/** Of routes that begin with an account as it was read lately: nothing is answered, nor refused, before it is confirmed. */
@Injectable()
export class ConfirmedAnswers implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const confirmation = user?.confirmation;
    if (confirmation === undefined) return next.handle();
    return next.handle().pipe(
      concatMap((answer: unknown) => confirmation.confirm().then(() => answer)),
      catchError(async (error: unknown) => {
        // who the caller is comes before what the request lacks
        await confirmation.confirm();
        throw error;
      }),
    );
  }
}

/**
 * As ForUsers, for a route that may begin with the account as this server has read it lately. Nothing is answered before its
 * `confirmation` has confirmed it, and nothing that the handler does may last before that (docs/adr/0057, 0061).
 */
export const ForUsersAhead = (scope: Scope) =>
  applyDecorators(
    SetMetadata<string, Access>(ACCESS, { who: 'user', scope, isAhead: true }),
    UseInterceptors(ConfirmedAnswers),
  );
