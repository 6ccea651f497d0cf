import { describe, expect, it, jest } from '@jest/globals';
import { type ArgumentsHost, ForbiddenException, Logger, NotFoundException } from '@nestjs/common';
import express from 'express';
import mongoose from 'mongoose';
import { ERROR_CODES } from '../errors/catalogue.js';
import { DomainError, LimitReachedError } from '../errors/domain.error.js';
import { UNTOLD_PATH } from './method-not-allowed.js';
import { ProblemFilter } from './problem.filter.js';

Logger.overrideLogger(false);

const app = express()
  .set(UNTOLD_PATH, '/untold')
  .get('/things/:id', () => undefined)
  .delete('/things/:id', () => undefined)
  .put('/things/new', () => undefined)
  .get('/numbered/:number', () => undefined)
  .get('/untold', () => undefined);

function answerTo(
  error: unknown,
  { headersSent = false, method = 'POST', path = '/x', destroyed = false, complete = true } = {},
) {
  const headers: Record<string, string> = {};
  const answer = { status: 0, type: '', text: '', destroyed: false, headers };
  const response = {
    headersSent,
    locals: {},
    setHeader: (name: string, value: string) => (headers[name] = value),
    status: (status: number) => ((answer.status = status), response),
    type: (type: string) => ((answer.type = type), response),
    send: (text: string) => (answer.text = text),
    destroy: () => (answer.destroyed = true),
  };
  const http = {
    getRequest: () => ({ id: 'the-id', method, path, app, destroyed, complete }),
    getResponse: () => response,
  };
  new ProblemFilter().catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return { ...answer, body: (answer.text === '' ? {} : JSON.parse(answer.text)) as Record<string, unknown> };
}

describe('ProblemFilter', () => {
  it.each(ERROR_CODES)('sends %s as problem details', (code) => {
    const { status, type, body } = answerTo(new DomainError(code, 'because'));
    expect(type).toBe('application/problem+json');
    expect(body).toEqual({
      type: `/docs/errors/${code}`,
      title: expect.any(String),
      status,
      detail: 'because',
      code,
      request_id: 'the-id',
      // the classic contract fixes one sentence
      Error: code === 'not_enough_credits' ? 'Not enough credits' : 'because',
    });
  });

  it('names each wrong member', () => {
    const { body } = answerTo(
      DomainError.invalid({ field: 'a', message: 'must be b' }, { field: 'c', message: 'is not' }),
    );
    expect(body['errors']).toHaveLength(2);
    expect(body['Error']).toBe('a must be b; c is not');
  });

  // RFC 6901, section 5, has these names
  it.each([
    [{ field: 'params.maxttl' }, { pointer: '/params/maxttl' }],
    [{ field: 'a/b', path: ['a/b'] }, { pointer: '/a~1b' }],
    [{ field: 'm~n', path: ['m~n'] }, { pointer: '/m~0n' }],
    [{ field: 'a.b', path: ['a.b'] }, { pointer: '/a.b' }],
    [{ field: '', path: [''] }, { pointer: '/' }],
    [{ field: 'Idempotency-Key', in: 'header' as const }, { header: 'Idempotency-Key' }],
    [{ field: 'limit', in: 'parameter' as const }, { parameter: 'limit' }],
  ])('says where %j stands', (violation, place) => {
    const { body } = answerTo(DomainError.invalid({ ...violation, message: 'must be b' }));
    expect(body['errors']).toEqual([
      { ...place, detail: 'must be b', field: violation.field, message: 'must be b' },
    ]);
  });

  it('takes members of a request without a body for its parameters', () => {
    const { body } = answerTo(DomainError.invalid({ field: 'from', message: 'must be b' }), {
      method: 'GET',
    });
    expect(body['errors']).toMatchObject([{ parameter: 'from' }]);
  });

  it('points to each wrong item of a list, and to 100 at the most', () => {
    const wrong = (positions: number[]) =>
      answerTo(DomainError.invalid({ field: 'params.ips', message: 'must be b', positions })).body['errors'];
    expect(wrong([0, 7])).toMatchObject([{ pointer: '/params/ips/0' }, { pointer: '/params/ips/7' }]);
    expect(wrong(Array.from({ length: 10_000 }, (_each, index) => index))).toHaveLength(100);
  });

  it('takes a caller who hangs up in the middle of a body for no mistake of ours', () => {
    const log = jest.spyOn(Logger.prototype, 'error');
    const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    expect(answerTo(aborted, { destroyed: true, complete: false })).toMatchObject({
      destroyed: true,
      text: '',
    });
    expect(log).not.toHaveBeenCalled();
    // a connection of ours that broke is one
    expect(answerTo(aborted).status).toBe(500);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  it('says nothing of a mistake of ours but where the log has it', () => {
    const { status, text, body } = answerTo(new Error('password of the database: 1234'));
    expect([status, body['code'], text.includes('1234')]).toEqual([500, 'internal', false]);
    expect(body['detail']).toContain('the-id');
  });

  it.each([
    [new NotFoundException('Cannot GET /x'), 404, 'not_found'],
    [new ForbiddenException(), 403, 'forbidden'],
    [Object.assign(new Error('too large'), { status: 413 }), 413, 'body_too_large'],
    [Object.assign(new Error('encoding'), { status: 415 }), 400, 'invalid_request'],
    [Object.assign(new Error('inside'), { status: 502 }), 500, 'internal'],
    [new mongoose.mongo.MongoNetworkError('gone'), 503, 'busy'],
    [undefined, 500, 'internal'],
    ['text', 500, 'internal'],
  ])('translates %s', (error, status, code) => {
    const answer = answerTo(error);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('says which methods a path has, where it is asked with another', () => {
    const { status, body, headers } = answerTo(new NotFoundException('Cannot POST'), { path: '/things/1' });
    expect([status, body['code'], headers['Allow']]).toEqual([405, 'method_not_allowed', 'GET, DELETE']);
    // of a path that is not to be told of
    expect(answerTo(new NotFoundException('Cannot POST'), { path: '/untold/' }).status).toBe(404);
    // what is not there of a path that is
    const gone = answerTo(new DomainError('not_found'), { method: 'GET', path: '/things/1' });
    expect([gone.status, gone.headers['Allow']]).toEqual([404, undefined]);
    // a route took it for an id, and there is one with that word that knows another method
    const taken = answerTo(new DomainError('not_found'), { method: 'GET', path: '/things/new' });
    expect([taken.status, taken.headers['Allow']]).toEqual([405, 'PUT']);
  });

  it('takes what is no number for no path where a number is asked for', () => {
    expect(answerTo(new NotFoundException('Cannot POST'), { path: '/numbered/12' }).status).toBe(405);
    expect(answerTo(new NotFoundException('Cannot POST'), { path: '/numbered/new' }).status).toBe(404);
  });

  it('says when to come back, and how to authenticate', () => {
    expect(answerTo(new DomainError('busy')).headers['Retry-After']).toBe('2');
    expect(answerTo(new DomainError('unauthenticated')).headers['WWW-Authenticate']).toMatch(/^Bearer/);
  });

  it('says of a bound what it is, what is used, and when it is free again', () => {
    const freeAt = new Date(Date.now() + 90_000);
    const reached = { bound: 'login_account' as const, limit: 10, used: 10 };
    const later = answerTo(new LimitReachedError('too_many_attempts', 'because', { ...reached, freeAt }));
    expect([later.status, later.headers['Retry-After']]).toEqual([429, '90']);
    expect(later.body).toMatchObject({ ...reached, free_at: freeAt.toISOString() });
    const never = answerTo(
      new LimitReachedError('too_many_attempts', 'because', { ...reached, freeAt: undefined }),
    );
    expect([never.body['free_at'], never.headers['Retry-After']]).toEqual([null, undefined]);
  });

  it('breaks off an answer that has begun: it must not look whole', () => {
    expect(answerTo(new Error('in the middle'), { headersSent: true })).toMatchObject({
      destroyed: true,
      text: '',
    });
  });
});
