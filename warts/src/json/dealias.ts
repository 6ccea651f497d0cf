import type { DealiasRecord } from '../records/dealias.js';
export function dealiasJson(record: DealiasRecord): string {
  return JSON.stringify(record);
}
