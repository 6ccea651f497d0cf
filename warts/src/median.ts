/** Room for round-trip times, kept from one ping to the next: to make it takes longer than to fill it. */
let room = new Uint32Array(64);

/** Partitions after which the rest is sorted: an even split needs 16 for the most replies that a ping has, 65,535. */
const MAX_PARTITIONS = 48;

/**
 * Median round-trip time in whole microseconds: of two middle values the mean, cut as scamper cuts the average.
 * @param values of which the first `count` are looked at, at least one; they stay as they are
 * @internal
 */
export function medianOf(values: Uint32Array, count: number): number {
  if (count > room.length) room = new Uint32Array(2 * count);
  const rtts = room;
  for (let i = 0; i < count; i++) rtts[i] = values[i] ?? 0;
  const middle = count >> 1;
  moveIntoPlace(rtts, count, middle);
  const upper = rtts[middle] ?? 0;
  if (count % 2 === 1) return upper;
  let lower = 0;
  for (let below = 0; below < middle; below++) lower = Math.max(lower, rtts[below] ?? 0);
  return Math.floor((lower + upper) / 2);
}

/** Order the first `count` values until the one at `rank` has its place, behind no larger one (C. A. R. Hoare, FIND). */
function moveIntoPlace(values: Uint32Array, count: number, rank: number): void {
  let first = 0;
  let last = count - 1;
  for (let left = MAX_PARTITIONS; first < last; left--) {
    if (left === 0) {
      values.subarray(first, last + 1).sort();
      return;
    }
    const second = partition(values, first, last);
    if (rank < second) last = second - 1;
    else first = second;
  }
}

/** Divide values into two parts, neither of them empty, the first without one that is larger than any of the second. Returns where that begins. */
function partition(values: Uint32Array, first: number, last: number): number {
  const pivot = values[(first + last) >> 1] ?? 0;
  let low = first;
  let high = last;
  while (low <= high) {
    while ((values[low] ?? 0) < pivot) low++;
    while ((values[high] ?? 0) > pivot) high--;
    if (low > high) break;
    const moved = values[low] ?? 0;
    values[low++] = values[high] ?? 0;
    values[high--] = moved;
  }
  return low;
}
