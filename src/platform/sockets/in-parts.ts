export interface PartBounds {
  items: number;
  bytes: number;
}

/** Cuts a list into stretches within the bounds, in order. An item that is too large by itself is a stretch of its own. */
export function inParts<T>(items: readonly T[], sizeOf: (item: T) => number, most: PartBounds): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (part.length > 0 && (part.length >= most.items || bytes + size > most.bytes)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += size;
  }
  return [...parts, part];
}
