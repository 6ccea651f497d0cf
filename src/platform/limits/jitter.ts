/** @returns milliseconds from `ms` to twice that: those who are sent away together must not come back together */
export function jittered(ms: number): number {
  return Math.ceil(ms * (1 + Math.random()));
}
