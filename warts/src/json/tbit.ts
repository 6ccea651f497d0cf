import type { TbitRecord } from '../records/tbit.js';
export function tbitJson(record: TbitRecord): string {
  return JSON.stringify(record);
}
