import type { Reader } from '../reader.js';
export interface TracelbRecord {
  type: 'tracelb';
}
export function readTracelb(_reader: Reader): TracelbRecord {
  return { type: 'tracelb' };
}
