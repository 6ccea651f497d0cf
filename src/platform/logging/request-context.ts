import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Logger as Pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { withoutSecrets } from './logger.js';

/** @returns the id under which the log has this request */
export function requestIdOf(request: IncomingMessage & { id?: unknown }): string {
  return typeof request.id === 'string' ? request.id : 'unknown';
}

const QUIET_PATHS = ['/health/live', '/health/ready', '/metrics'];

const PROXY_REQUEST_ID = /^[\w-]{8,64}$/;

/**
 * One line a request: id, user, method, path (without secrets), status, milliseconds. A 5xx is `error`, a 4xx `info`.
 * @param behindProxy the proxy's X-Request-Id is taken over, so that its log and ours can be joined
 */
export function requestLogger(root: Pino, behindProxy: boolean) {
  return pinoHttp({
    logger: root.child({ component: 'http' }),
    genReqId: (request, response) => {
      const given = behindProxy ? request.headers['x-request-id'] : undefined;
      const id = typeof given === 'string' && PROXY_REQUEST_ID.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    autoLogging: { ignore: (request) => QUIET_PATHS.includes(request.url ?? '') },
    quietReqLogger: true,
    customLogLevel: (_request, response, error) =>
      error !== undefined || response.statusCode >= 500 ? 'error' : 'info',
    customSuccessMessage: messageOf,
    customErrorMessage: messageOf,
    // members of the line itself, not customProps: these make another two loggers for each request
    customSuccessObject: (request, _response, { responseTime }: Timed) => ({
      ...userOf(request),
      responseTime,
    }),
    customErrorObject: (request, _response, err, { responseTime }: Timed) => ({
      ...userOf(request),
      err,
      responseTime,
    }),
    wrapSerializers: false,
    serializers: { req: () => undefined },
  });
}

interface Timed {
  /** milliseconds */
  responseTime: number;
}

function messageOf({ method = '', url = '' }: IncomingMessage, { statusCode }: ServerResponse): string {
  return `${method} ${withoutSecrets(url)} ${statusCode}`;
}

function userOf(request: IncomingMessage): { user_id?: string } {
  const { user } = request as { user?: { _id: { toHexString(): string } } };
  return user === undefined ? {} : { user_id: user._id.toHexString() };
}
