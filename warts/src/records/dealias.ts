import type { Reader } from '../reader.js';
export interface DealiasRecord {
  type: 'dealias';
}
export function readDealias(_reader: Reader): DealiasRecord {
  return { type: 'dealias' };
}
