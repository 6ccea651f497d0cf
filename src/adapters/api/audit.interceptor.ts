import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { catchError, concatMap, from, type Observable } from 'rxjs';
import { AuditService } from '../../core/audit/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { changeOf } from '../../platform/http/audited-change.js';
import { clientOf } from '../../platform/http/client-address.js';
import {
  ACCESS,
  type Access,
  type AuthenticatedRequest,
  OWNED,
  type Owned,
} from '../../platform/http/permissions.js';
import { domainErrorOf } from '../../platform/http/problem.filter.js';
import { requestIdOf } from '../../platform/logging/request-context.js';

/** They change nothing. */
const READING_METHODS = ['GET', 'HEAD', 'OPTIONS'];
const READING_ROUTES = ['/api/v1/operations/quote'];
const MOST_OF_NAME = 200;

/**
 * Writes down everything that superusers do over HTTP, at whatever door: when it is done, and before it is answered; and before
 * it is done, for the case that the server ends in between.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly audit: AuditService,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const { user, method, path } = request;
    if (user?.is_superuser !== true || READING_METHODS.includes(method) || READING_ROUTES.includes(path))
      return next.handle();
    const entry = () => entryOf(request, user as UserEntity);
    // what every user may do is lost with the server that ends: it is seen in what it made
    if (!this.isOfSuperusers(context))
      return next
        .handle()
        .pipe(concatMap((answer: unknown) => this.audit.append(entry()).then(() => answer)));
    return from(this.audit.begin(entry())).pipe(
      concatMap((begun) =>
        next.handle().pipe(
          concatMap((answer: unknown) => this.audit.append(entry(), begun).then(() => answer)),
          catchError(async (error: unknown) => {
            // a mistake of the caller was refused; an error of ours may have left something behind
            if (domainErrorOf(error)) await this.audit.forget(begun);
            throw error;
          }),
        ),
      ),
    );
  }

  /** Whether the route asks for a superuser, or lets one at the things of others. */
  private isOfSuperusers(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, targets);
    const owned = this.reflector.getAllAndOverride<Owned | undefined>(OWNED, targets);
    return access?.who === 'superuser' || owned === 'owner or superuser';
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
