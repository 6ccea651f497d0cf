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
