interface Page<Entity> {
  page: readonly Entity[];
  isLast: boolean;
}

/**
 * Hands out a listing for a reader that may be slow, stop early or fail: between two pages nothing is open at the database. A
 * cursor of mongoose stays open when its reader stops, and MongoDB ends one that nobody has asked for ten minutes.
 * @param pageAfter reads what follows an entity, in order; with undefined it begins. It may say that nothing follows the page: that is
 *   not asked then
 */
export async function* eachByPages<Entity>(
  pageAfter: (last: Entity | undefined) => Promise<Page<Entity>>,
): AsyncGenerator<Entity, void> {
  for (let last: Entity | undefined; ;) {
    const { page, isLast } = await pageAfter(last);
    yield* page;
    last = page.at(-1);
    if (isLast || last === undefined) return;
  }
}
