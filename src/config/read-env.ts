import { type Env, parseEnv } from './env.js';

/** The environment of this process. */
export function readEnv(): Env {
  return parseEnv(process.env);
}
