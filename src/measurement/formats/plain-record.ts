import { Address, type WartsRecord } from '@pladmed/warts';

/** Records that describe the file, and not a measurement. */
export const ABOUT_THE_FILE: ReadonlySet<WartsRecord['type']> = new Set([
  'list',
  'cycle-start',
  'cycle-definition',
  'cycle-stop',
  'address',
]);

/**
 * A measurement as plain JSON, by the names and units of the decoder's types: addresses as text, bytes as hexadecimal digits. For
 * records that scamper's own tools print nothing of (http, sting, sniff, dealias by MIDAR).
 * @returns undefined for records that are no measurement
 */
export function recordToPlain(record: WartsRecord): Record<string, unknown> | undefined {
  if (ABOUT_THE_FILE.has(record.type) || record.type === 'skipped') return undefined;
  const { list, cycle, ...members } = record as Extract<WartsRecord, { type: 'http' }>;
  const monitor = list?.monitor ?? cycle?.hostname;
  const { type, ...others } = members as { type: string };
  return { type, ...(monitor !== undefined && { monitor }), ...(plain(others) as object) };
}

function plain(value: unknown): unknown {
  if (value instanceof Address) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}
