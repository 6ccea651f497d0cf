import { pino } from 'pino';

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** One JSON object a line on standard output. Whatever is called a token is never written. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: { component: 'probe' },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['token', '*.token', '*.*.token'], censor: '[redacted]' },
  });
}

/** A log that also keeps its last warnings and errors, for `status`. */
export function remembering(log: Log, keep: (message: string) => void): Log {
  const note = (first: unknown, message?: unknown): void => {
    const detail =
      typeof first === 'object' && first !== null && 'detail' in first ? `: ${String(first.detail)}` : '';
    const text = typeof message === 'string' ? message : typeof first === 'string' ? first : '';
    keep(text + detail);
  };
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    warn: (first: object, message?: string) => {
      note(first, message);
      log.warn(first, message);
    },
    error: (first: object, message?: string) => {
      note(first, message);
      log.error(first, message);
    },
  };
}
