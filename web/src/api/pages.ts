/**
 * @param most pages that are asked for
 * @param ask gets a page by the cursor of the one before; no cursor: the first
 * @returns what is in all pages of a list
 */
export async function everyPage<T>(
  most: number,
  ask: (cursor: { cursor?: string }) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const found: T[] = [];
  let next: string | null = null;
  for (let page = 0; page < most; page += 1) {
    const got: { items: T[]; next: string | null } = await ask(next === null ? {} : { cursor: next });
    found.push(...got.items);
    next = got.next;
    if (next === null) break;
  }
  return found;
}
