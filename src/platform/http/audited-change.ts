import { type Request } from 'express';

/** What a request has changed, as far as it is worth telling. */
export interface AuditedChange {
  before?: object;
  after?: object;
}

const changes = new WeakMap<Request, AuditedChange>();

/** Notes what a request has changed, for the audit log. */
export function noteChange(request: Request, change: AuditedChange): void {
  changes.set(request, change);
}

export function changeOf(request: Request): AuditedChange {
  return changes.get(request) ?? {};
}
