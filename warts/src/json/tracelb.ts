import type { TracelbRecord } from '../records/tracelb.js';
export function tracelbJson(record: TracelbRecord): string {
  return JSON.stringify(record);
}
