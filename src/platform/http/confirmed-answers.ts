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

/** Of routes that begin while the account is still being read: nothing is answered, nor refused, before it is confirmed. */
@Injectable()
export class ConfirmedAnswers implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const confirmed = user?.confirmed;
    if (confirmed === undefined) return next.handle();
    return next.handle().pipe(
      concatMap((answer: unknown) => confirmed.then(() => answer)),
      catchError(async (error: unknown) => {
        // who the caller is comes before what the request lacks
        await confirmed;
        throw error;
      }),
    );
  }
}

/**
 * As ForUsers, for a route that may begin with the account as this server has read it lately, while it is read anew. Nothing is
 * answered before that is done; what the handler does must not last before `confirmed` of the account is (docs/adr/0057).
 */
export const ForUsersAhead = (scope: Scope) =>
  applyDecorators(
    SetMetadata<string, Access>(ACCESS, { who: 'user', scope, isAhead: true }),
    UseInterceptors(ConfirmedAnswers),
  );
