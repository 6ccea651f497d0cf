import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { concatMap, type Observable } from 'rxjs';
import { AuditService } from '../../core/audit/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { changeOf } from '../../platform/http/audited-change.js';
import { clientOf } from '../../platform/http/client-address.js';
import { type AuthenticatedRequest } from '../../platform/http/permissions.js';
import { requestIdOf } from '../../platform/logging/request-context.js';

/** They change nothing. */
const READING_METHODS = ['GET', 'HEAD', 'OPTIONS'];
const READING_ROUTES = ['/api/v1/operations/quote'];
const MOST_OF_NAME = 200;

/** Writes down everything that superusers do over HTTP, at whatever door: when it is done, and before it is answered. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(private readonly audit: AuditService) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const { user, method, path } = request;
    if (user?.is_superuser !== true || READING_METHODS.includes(method) || READING_ROUTES.includes(path))
      return next.handle();
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        await this.audit.append(entryOf(request, user as UserEntity));
        return answer;
      }),
    );
  }
}

function entryOf(request: AuthenticatedRequest, { _id, email, via }: UserEntity) {
  const { path = request.path } = (request.route ?? {}) as { path?: string };
  const target = targetOf(request);
  const reason = textIn(request, 'reason');
  return {
    actor: _id,
    actor_email: email,
    via: via?.scopes ? via.id : 'token',
    address: clientOf(request.ip),
    action: `${request.method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    ...(target !== undefined && { target }),
    ...(reason !== undefined && { reason }),
    ...changeOf(request),
    request_id: requestIdOf(request),
  };
}

/** @returns what the address names, or the body of a classic request */
function targetOf(request: AuthenticatedRequest): string | undefined {
  const [named] = Object.values(request.params);
  return typeof named === 'string' ? named.slice(0, MOST_OF_NAME) : textIn(request, 'id');
}

function textIn({ body }: AuthenticatedRequest, member: string): string | undefined {
  const given: unknown = body;
  if (typeof given !== 'object' || given === null || Buffer.isBuffer(given)) return undefined;
  const value: unknown = Reflect.get(given, member);
  return typeof value === 'string' ? value.slice(0, MOST_OF_NAME) : undefined;
}
