import { type RequestHandler, type Response } from 'express';
import { type Problem } from './problem.js';

/** Words a problem as the clients of another platform read it. @returns the status and the body, which is JSON */
export type ErrorForm = (problem: Problem) => { status: number; body: object };

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
