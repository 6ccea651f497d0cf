import { type Result } from '../api/client.js';

/** An object of what the raw bytes say: the API does not state its members, each is looked at. */
export type Decoded = Readonly<Record<string, unknown>>;

/** @returns the objects of `decoded`; none where it was not asked for, or is too long for a listing */
export function decodedOf({ decoded }: Pick<Result, 'decoded'>): Decoded[] {
  return objectsOf(decoded);
}

export function objectsOf(value: unknown): Decoded[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function isObject(value: unknown): value is Decoded {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Takes the first that fits, once: two measurements of one destination have two records. */
export function takeFirst<T>(from: T[], fits: (each: T) => boolean): T | undefined {
  const index = from.findIndex(fits);
  return index < 0 ? undefined : from.splice(index, 1)[0];
}
