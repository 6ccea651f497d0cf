/**
 * Hands out a listing for a reader that may be slow, stop early or fail: between two pages nothing is open at the database. A
 * cursor of mongoose stays open when its reader stops, and MongoDB ends one that nobody has asked for ten minutes.
 * @param pageAfter reads what follows an entity, in order; with undefined it begins
 */
export async function* eachByPages<Entity>(
  pageAfter: (last: Entity | undefined) => Promise<Entity[]>,
): AsyncGenerator<Entity, void> {
  for (let page = await pageAfter(undefined); page.length > 0; page = await pageAfter(page.at(-1))) {
    yield* page;
  }
}
