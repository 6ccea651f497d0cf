import { type Request, type RequestHandler, type Response } from 'express';
import { type DomainError } from '../errors/domain.error.js';

/**
 * Words an error as the clients of another platform read it.
 * @param mistake of the caller; undefined: ours, and the log has it under `requestId`
 */
export type ErrorForm = (
  mistake: DomainError | undefined,
  requestId: string,
  request: Request,
  response: Response,
) => void;

const FORM = 'errorForm';

/** Has the errors of all requests behind it worded in this form, those of middleware, guards and unknown paths included. */
export function wordErrors(form: ErrorForm): RequestHandler {
  return (_request, response, next) => {
    response.locals[FORM] = form;
    next();
  };
}

/** @returns the form of a request's errors; undefined: problem details */
export function errorFormOf({ locals }: Partial<Pick<Response, 'locals'>>): ErrorForm | undefined {
  return locals?.[FORM] as ErrorForm | undefined;
}
