/* Reads what stands in the address: a member that makes no sense is undefined, and is left out of the next address. */

export type Search = Record<string, unknown>;

export function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : undefined;
}

/** Of a text that has lines: a thousand names. */
export function longText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 20_000) : text(value);
}

export function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

export function number(value: unknown, least: number, most: number): number | undefined {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && read >= least && read <= most ? read : undefined;
}

export function word<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((each) => each === value);
}

export function list(value: unknown): string[] | undefined {
  const values = (Array.isArray(value) ? value : [value]).filter(
    (each) => typeof each === 'string' && each !== '',
  );
  return values.length > 0 ? (values as string[]) : undefined;
}

/** @returns the members that are there: an address has no others */
export function known<T extends object>(members: T): { [Name in keyof T]?: T[Name] } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: T[Name];
  };
}
