/** The revisions of a thing that a caller may have seen; `any`: whichever it is at. */
export type Seen = 'any' | readonly number[];

/** What a caller expects to be there: what it has seen, nothing at all, or it did not say. */
export type Expected = Seen | 'nothing' | 'unstated';

/** What a filter of an update asks of the revision, so that nothing comes between the look and the change. */
export function revisionCondition(seen: Seen): { revision?: { $in: number[] } } {
  return seen === 'any' ? {} : { revision: { $in: [...seen] } };
}

export function wasSeen(seen: Seen, revision: number): boolean {
  return seen === 'any' || seen.includes(revision);
}
