import { type LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger as Pino, pino, stdTimeFunctions, stdSerializers } from 'pino';
import { type Env } from '../../config/env.js';
import { AT_ONCE, type LogFiles, openLogFiles, surviveErrors } from './log-files.js';

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

const BOTTOM = {
  timestamp: stdTimeFunctions.isoTime,
  redact: { paths: SECRETS, censor: '[redacted]' },
  serializers: { err: stdSerializers.err },
  base: null,
} as const;

type LogEnv = Pick<Env, 'logLevel' | 'production'>;

/** A root logger: JSON lines to standard output. On a terminal in development the lines are made for reading. */
export function createLogger(env: LogEnv, output = standardOutput(env)): Pino {
  return pino({ level: env.logLevel, ...BOTTOM }, output);
}

/**
 * The root logger of the server: to standard output, and where LOG_FILE is set to files, which rotate.
 * @throws Error where the files cannot be opened
 */
export async function createServerLogger(
  env: LogEnv & Pick<Env, 'logFile' | 'logFileBytes' | 'logFileDays'>,
): Promise<Pino> {
  const { logFile } = env;
  if (logFile === undefined) return createLogger(env);
  const files = await openFiles({ ...env, logFile });
  const output = standardOutput(env);
  const write = (line: string) => {
    output.write(line);
    files.write(line);
  };
  return pino({ level: env.logLevel, ...BOTTOM }, { write });
}

async function openFiles(env: Parameters<typeof openLogFiles>[0]): Promise<LogFiles> {
  try {
    return await openLogFiles(env);
  } catch (error) {
    throw new Error(`LOG_FILE ${env.logFile} must be a file that can be written: ${String(error)}`, {
      cause: error,
    });
  }
}

/** One write call a line, nothing lost on exit. */
function standardOutput({ production, logLevel }: LogEnv): DestinationStream {
  if (!production && process.stdout.isTTY) {
    const pretty: unknown = pino.transport({
      target: 'pino-pretty',
      level: logLevel,
      options: { ignore: 'pid,hostname' },
    });
    return pretty as DestinationStream;
  }
  const output = pino.destination({ dest: 1, ...AT_ONCE });
  surviveErrors(output, 'standard output');
  // not the stream itself: of a fatal line pino asks it to flush, which a full disk would hold up for ever
  return { write: (line) => output.write(line) };
}

/** Takes a token or password out of text that is about to be logged: JWTs anywhere, and the query of a URL. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]')
    .replace(/([?&](?:token|access_token|adoptionToken|password|key|api_?key)=)[^&\s]+/gi, '$1[redacted]');
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
