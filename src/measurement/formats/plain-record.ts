import { Address, type WartsRecord } from '@pladmed/warts';

/** Records about the file, and not of a measurement. */
const OF_THE_FILE: ReadonlySet<string> = new Set([
  'list',
  'cycle-start',
  'cycle-definition',
  'cycle-stop',
  'address',
  'skipped',
]);

/**
 * A measurement as plain JSON, by the names and units of the decoder's types: addresses as text, bytes as hexadecimal digits. For
 * records that scamper's own tools print nothing of (http, sting, sniff, dealias by MIDAR).
 * @returns undefined for records that are no measurement
 */
export function recordToPlain(record: WartsRecord): Record<string, unknown> | undefined {
  if (OF_THE_FILE.has(record.type)) return undefined;
  const { list, cycle, ...members } = record as Extract<WartsRecord, { type: 'http' }>;
  const monitor = list?.monitor ?? cycle?.hostname;
  const { type, ...others } = members as { type: string };
  return { type, ...(monitor !== undefined && { monitor }), ...(plain(others) as object) };
}

function plain(value: unknown): unknown {
  if (value instanceof Address) return value.toString();
  if (value instanceof Uint8Array) return hexadecimal(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}

function hexadecimal(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
