import { randomBytes } from 'node:crypto';
import type { Operation, Schedule } from '../../src/protocol/protocol.js';

/** An operation as the server sends it: a ping of this host, once and now, but for what is given. */
export function operation(overrides: Partial<Operation> = {}): Operation {
  return {
    operation_id: randomBytes(12).toString('hex'),
    kind: 'ping',
    params: { ips: ['127.0.0.1'], probecount: 1 },
    schedule: { type: 'once', at: new Date().toISOString() },
    cost_per_run: 1,
    ...overrides,
  };
}

/** Every `every_s` seconds, from now on, `count` times. */
export function everySeconds(every_s: number, count: number, start = Date.now()): Schedule {
  return {
    type: 'interval',
    every_s,
    start: new Date(start).toISOString(),
    stop: new Date(start + count * every_s * 1000).toISOString(),
  };
}
