/** Whose JSON: that of scamper 20211212's sc_warts2json, or of 20260420's. */
export type JsonDialect = '20211212' | '2026';

export const JSON_DIALECTS: readonly JsonDialect[] = ['20211212', '2026'];
