import type { Reader } from '../reader.js';
export interface TbitRecord {
  type: 'tbit';
}
export function readTbit(_reader: Reader): TbitRecord {
  return { type: 'tbit' };
}
