import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type Logger as Pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { withoutSecrets } from './logger.js';

/** @returns the id under which the log has this request */
export function requestIdOf(request: IncomingMessage & { id?: unknown }): string {
  return typeof request.id === 'string' ? request.id : 'unknown';
}

const QUIET_PATHS = ['/health/live', '/health/ready', '/metrics'];

/** One line a request: id, method, path (without secrets), status, milliseconds. A 5xx is `error`, a 4xx `info`. */
export function requestLogger(root: Pino) {
  return pinoHttp({
    logger: root.child({ component: 'http' }),
    genReqId: (_request, response) => {
      const id = randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    autoLogging: { ignore: (request) => QUIET_PATHS.includes(request.url ?? '') },
    quietReqLogger: true,
    customLogLevel: (_request, response, error) =>
      error !== undefined || response.statusCode >= 500 ? 'error' : 'info',
    customSuccessMessage: (request, response) =>
      `${request.method ?? ''} ${withoutSecrets(request.url ?? '')} ${response.statusCode}`,
    customErrorMessage: (request, response) =>
      `${request.method ?? ''} ${withoutSecrets(request.url ?? '')} ${response.statusCode}`,
    serializers: { req: () => undefined, res: () => undefined },
  });
}
