import { type Destination } from '@pladmed/protocol';
import { type PingSummary, type TraceSummary } from '@pladmed/warts';
import { type Summary } from './summary.js';

/** What one record of warts comes to, and the number that it was measured under. */
export interface MeasuredSummary {
  userid: number;
  summary: PingSummary | TraceSummary;
  /** of a ping: microseconds, of each answer */
  rtts?: number[];
}

/** What tells to which destination something that was measured belongs. */
export interface Measured {
  userid: number;
  summary: { dst: string; type?: unknown };
}

/** An entry of a summary, and what was measured of it, if anything was. */
export interface LaidEntry<M extends Measured = MeasuredSummary> {
  entry: Summary;
  measured: M | undefined;
}

/**
 * Lays the destinations of a run beside what was measured: first by number (`userid` counts them from 1), then by
 * address, in order. Two names of one address are two entries.
 * @param destinations as asked for; none: of a probe that does not say them
 * @returns an entry for each destination, in order, then what belongs to none of them; one that was not measured has no figures
 */
export function layBesideDestinations<M extends Measured>(
  measured: readonly M[],
  destinations: readonly Destination[],
): LaidEntry<M>[] {
  if (destinations.length === 0) return measured.map((each) => alone(each));
  const belonging = assign(measured, destinations);
  const others = measured.filter((each) => !belonging.includes(each));
  return [
    ...destinations.map((destination, index) => ({
      entry: entryOf(destination, belonging[index], measured[0]?.summary.type),
      measured: belonging[index],
    })),
    ...others.map((each) => alone(each)),
  ];
}

/** Of what belongs to no destination. */
function alone<M extends Measured>(measured: M): LaidEntry<M> {
  return { entry: { ...measured.summary }, measured };
}

/** @returns for each destination what was measured of it */
function assign<M extends Measured>(
  measured: readonly M[],
  destinations: readonly Destination[],
): (M | undefined)[] {
  const found: (M | undefined)[] = destinations.map(() => undefined);
  const left: M[] = [];
  for (const each of measured) {
    const place = each.userid - 1;
    const fits = (destinations[place]?.address ?? null) !== null && found[place] === undefined;
    if (fits) found[place] = each;
    else left.push(each);
  }
  const places = placesByAddress(destinations, found);
  for (const each of left) {
    const place = places.get(each.summary.dst)?.shift();
    if (place !== undefined) found[place] = each;
  }
  return found;
}

/** @returns of each address the destinations that nothing was found for yet, in order */
function placesByAddress(
  destinations: readonly Destination[],
  found: readonly unknown[],
): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { address }] of destinations.entries()) {
    if (address === null || found[place] !== undefined) continue;
    places.set(address, [...(places.get(address) ?? []), place]);
  }
  return places;
}

function entryOf(
  { destination, address, resolve_ms, error, note }: Destination,
  measured: Measured | undefined,
  type: unknown,
): Summary {
  const asked = { destination, resolve_ms, ...(note !== undefined && { note }) };
  if (measured === undefined)
    return { ...(type !== undefined && { type }), ...asked, dst: address, error: error ?? 'nothing_sent' };
  return { ...measured.summary, ...asked, error };
}
