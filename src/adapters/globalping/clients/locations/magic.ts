import { indexOf, isListed, KINDS_OF_NAMES, type NameIndex, normal, type Vantage } from './vantage.js';

/** A probe with the names by which it is looked for. */
export interface Indexed<V extends Vantage = Vantage> {
  vantage: V;
  names: NameIndex;
  /** its owner's tags, in small letters */
  tags: readonly string[];
}

export function indexed<V extends Vantage>(vantage: V): Indexed<V> {
  return { vantage, names: indexOf(vantage), tags: vantage.tags.map((tag) => tag.toLowerCase()) };
}

/** All names on the platform, by kind: what decides whether a term is one of them. */
export type Vocabulary = readonly ReadonlySet<string>[];

export function vocabularyOf(probes: Iterable<Indexed>): Vocabulary {
  const kinds = Array.from({ length: KINDS_OF_NAMES }, () => new Set<string>());
  for (const { names } of probes)
    for (const [position, own] of names.entries()) for (const name of own) kinds[position]?.add(name);
  return kinds;
}

interface Match<V extends Vantage> {
  probe: Indexed<V>;
  /** the kind of name that matches and says most */
  rank: number;
}

/**
 * Finds probes by words that people use: terms joined by `+`, all of which must hold.
 * @returns those that match; those first whose matching name says most, in no order beyond that
 */
export function byMagic<V extends Vantage>(
  probes: readonly Indexed<V>[],
  magic: string,
  vocabulary: Vocabulary,
): Indexed<V>[] {
  const terms = magic.split('+').map((term) => ({ name: normal(term), tag: term.trim().toLowerCase() }));
  const meanings = terms.map(({ name, tag }) => ({ name, tag, kind: kindOf(name, vocabulary) }));
  const matches = probes.flatMap((probe): Match<V>[] => {
    const ranks = meanings.map((meaning) => rankOf(probe, meaning));
    return ranks.includes(undefined) ? [] : [{ probe, rank: Math.min(...ranks.map((rank) => rank ?? 0)) }];
  });
  return matches.sort((one, other) => one.rank - other.rank).map(({ probe }) => probe);
}

/** What a term is taken for; `nobody`: it is a name that no probe has; undefined: it is no whole name. */
function kindOf(term: string, vocabulary: Vocabulary): number | 'nobody' | undefined {
  const kind = vocabulary.findIndex((names) => names.has(term));
  if (kind !== -1) return kind;
  return isListed(term) ? 'nobody' : undefined;
}

function rankOf(
  { names, tags }: Indexed,
  { name, tag, kind }: { name: string; tag: string; kind: ReturnType<typeof kindOf> },
): number | undefined {
  if (typeof kind === 'number') return names[kind]?.includes(name) === true ? kind : undefined;
  const isTagged = tags.includes(tag) ? names.length : undefined;
  if (kind === 'nobody' || name === '') return isTagged;
  const position = names.findIndex((own) => own.some((each) => each.includes(name)));
  return position === -1 ? isTagged : position;
}
