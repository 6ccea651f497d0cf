import { type Location } from './location.js';
import { plain } from './names.js';
import { byMagic, type Indexed, type Vocabulary } from './magic.js';
import { type Vantage } from './vantage.js';

/** A number from 0 (included) to 1. */
export type Random = () => number;

/**
 * Chooses probes by locations.
 * @param probes that may be asked, at all
 * @param vocabulary of all probes of the platform
 * @param limit of all locations together, unless they have limits of their own
 * @returns each probe once, `limit` at most
 */
export function choose<V extends Vantage>(
  probes: readonly Indexed<V>[],
  vocabulary: Vocabulary,
  locations: readonly Location[],
  limit: number,
  random: Random = Math.random,
): Indexed<V>[] {
  if (locations.length === 0) return overContinents(probes, random).slice(0, limit);
  const found = locations.map((location) => matching(probes, location, vocabulary, random));
  if (locations.every(({ limit: own }) => own === undefined)) return alternating(found, limit);
  const chosen = new Set<Indexed<V>>();
  for (const [index, candidates] of found.entries()) {
    const fresh = candidates.filter((probe) => !chosen.has(probe));
    for (const probe of fresh.slice(0, locations[index]?.limit ?? 1)) chosen.add(probe);
  }
  return [...chosen];
}

/** The best first. */
function matching<V extends Vantage>(
  probes: readonly Indexed<V>[],
  { magic, tags = [], city, network, limit: _limit, ...exact }: Location,
  vocabulary: Vocabulary,
  random: Random,
): Indexed<V>[] {
  const wanted = tags.map((tag) => tag.toLowerCase());
  const conditions = Object.entries(exact).filter(([, value]) => value !== undefined);
  const among = probes.filter(
    ({ vantage: { place, systemTags }, tags: own }) =>
      conditions.every(([name, value]) => Reflect.get(place, name) === value) &&
      isNamed(place.city, city) &&
      isNamed(place.network, network) &&
      wanted.every((tag) => own.includes(tag) || systemTags.includes(tag)),
  );
  if (magic === undefined) return overPlaces(among, random);
  if (magic.trim().toLowerCase() === 'world') return overContinents(among, random);
  return byMagic(overPlaces(among, random), magic, vocabulary);
}

function isNamed(name: string, asked: string | undefined): boolean {
  return asked === undefined || plain(name).toLowerCase() === asked.toLowerCase();
}

/** One of each continent in turn. */
function overContinents<V extends Vantage>(probes: readonly Indexed<V>[], random: Random): Indexed<V>[] {
  const continents = grouped(overPlaces(probes, random), ({ vantage }) => vantage.place.continent);
  return alternating(shuffled(continents, random), probes.length);
}

/** One of each network of each city in turn: probes beside each other see the same. */
function overPlaces<V extends Vantage>(probes: readonly Indexed<V>[], random: Random): Indexed<V>[] {
  const places = grouped(shuffled(probes, random), ({ vantage: { place } }) =>
    JSON.stringify([place.country, place.state, place.city, place.asn]),
  );
  return alternating(places, probes.length);
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Takes the first of each list, then the second: each item once, `limit` at most. */
function alternating<T>(lists: readonly (readonly T[])[], limit: number): T[] {
  const taken = new Set<T>();
  const places = lists.map((list) => list[Symbol.iterator]());
  let isMore = true;
  while (isMore && taken.size < limit) {
    isMore = false;
    for (const list of places) {
      if (taken.size === limit) break;
      isMore = takeOne(list, taken) || isMore;
    }
  }
  return [...taken];
}

/** @returns whether the list had one that was not taken */
function takeOne<T>(list: Iterator<T>, taken: Set<T>): boolean {
  for (let next = list.next(); next.done !== true; next = list.next()) {
    if (taken.has(next.value)) continue;
    taken.add(next.value);
    return true;
  }
  return false;
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}
