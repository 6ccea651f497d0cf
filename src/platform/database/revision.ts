/** The revisions of a thing that a caller may have seen; `any`: whichever it is at. */
export type Seen = 'any' | readonly number[];

/** What a caller expects to be there: what it has seen, nothing at all, or it did not say. */
export type Expected = Seen | 'nothing' | 'unstated';

/** Likewise, of a part of a thing that has a tag of its own: tags of the part, or revisions of the thing. */
export type ExpectedTags = 'any' | readonly string[] | 'nothing' | 'unstated';

/** @param tag of the part, where there is one @param revision of its thing */
export function wasTagSeen(expected: ExpectedTags, tag: string | undefined, revision: number): boolean {
  if (expected === 'nothing' || expected === 'unstated') return tag === undefined;
  if (expected === 'any') return tag !== undefined;
  return expected.includes(String(revision)) || (tag !== undefined && expected.includes(tag));
}

/** What a filter of an update asks of the revision, so that nothing comes between the look and the change. */
export function revisionCondition(seen: Seen): { revision?: { $in: number[] } } {
  return seen === 'any' ? {} : { revision: { $in: [...seen] } };
}

export function wasSeen(seen: Seen, revision: number): boolean {
  return seen === 'any' || seen.includes(revision);
}

/** Likewise of a part with a tag of its own, which is its member `digest`. @param part where it is in its thing */
export function tagCondition(expected: ExpectedTags, part: string): Record<string, unknown> {
  if (expected === 'nothing' || expected === 'unstated') return { [part]: { $exists: false } };
  if (expected === 'any') return { [part]: { $exists: true } };
  const revisions = expected.filter((tag) => /^\d{1,9}$/.test(tag)).map(Number);
  return { $or: [{ revision: { $in: revisions } }, { [`${part}.digest`]: { $in: [...expected] } }] };
}
