import { type LoggerService } from '@nestjs/common';
import { type Logger as Pino, pino, stdTimeFunctions, stdSerializers } from 'pino';
import { type Env } from '../../config/env.js';

/** Members of a log line that are never written out. */
const SECRETS = [
  'token',
  'password',
  'access_token',
  'secretKey',
  '*.token',
  '*.password',
  '*.access_token',
  'req.headers.authorization',
  'req.headers.access_token',
  'req.headers.cookie',
];

/**
 * The root logger: JSON lines to standard output, and to LOG_FILE (rotated daily and at 50 MB, 14 kept) where it is set.
 * On a terminal in development the lines are made for reading.
 */
export function createLogger(env: Pick<Env, 'logLevel' | 'logFile' | 'production'>): Pino {
  const pretty = !env.production && process.stdout.isTTY;
  const targets = [
    pretty
      ? { target: 'pino-pretty', level: env.logLevel, options: { ignore: 'pid,hostname' } }
      : { target: 'pino/file', level: env.logLevel, options: { destination: 1 } },
    ...(env.logFile === undefined
      ? []
      : [
          {
            target: 'pino-roll',
            level: env.logLevel,
            options: {
              file: env.logFile,
              frequency: 'daily',
              size: '50m',
              mkdir: true,
              limit: { count: 14 },
            },
          },
        ]),
  ];
  const options = {
    level: env.logLevel,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: SECRETS, censor: '[redacted]' },
    serializers: { err: stdSerializers.err },
    base: null,
  };
  // without a file there is no need for a worker thread: one write call a line, nothing lost on exit
  if (env.logFile === undefined && !pretty) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino({ ...options, transport: { targets } });
}

/** Takes a token or password out of text that is about to be logged: JWTs anywhere, and the query of a URL. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]')
    .replace(/([?&](?:token|access_token|password|key|api_?key)=)[^&\s]+/gi, '$1[redacted]');
}

/** What Nest says of each route and module at every boot. */
const CHATTY = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'WebSocketsController',
  'NestFactory',
]);

/** Nest's own messages, and `new Logger('component')` everywhere, through pino: `component` names who speaks. */
export class PinoLoggerService implements LoggerService {
  constructor(private readonly root: Pino) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(CHATTY.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest calls `(message, ...more, component)`; ours are `({fields}, 'message', component)`. */
  private write(level: 'info' | 'warn' | 'error' | 'debug' | 'trace', first: unknown, rest: unknown[]): void {
    const component = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const others = component === undefined ? rest : rest.slice(0, -1);
    if (typeof first === 'object' && first !== null) {
      const message = typeof others[0] === 'string' ? others[0] : '';
      const fields = first instanceof Error ? { err: first } : first;
      this.root[level]({ component, ...fields }, message);
      return;
    }
    const stack = others.find((item) => typeof item === 'string');
    this.root[level]({ component, ...(stack !== undefined && { stack }) }, withoutSecrets(String(first)));
  }
}
