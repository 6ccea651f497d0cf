/**
 * Two functions that the explorer runs in its visitor's browser, so that every example works when it is tried in turn: an
 * id of an example (SAMPLE_IDS) stands for the id of what the visitor made or listed last. They travel as text, and may
 * use nothing outside themselves.
 */

interface Shown {
  text?: string;
}
interface Asked {
  url: string;
  body?: unknown;
}

/** Notes the id of the thing in an answer, told by its form; of a list that of the first. */
export const noteIds = (response: Shown): Shown => {
  const memory = globalThis as { pladmedIds?: Record<string, string> };
  const ids = (memory.pladmedIds ??= {});
  try {
    const body = JSON.parse(response.text ?? '') as Record<string, unknown> & { items?: unknown[] };
    const item = (Array.isArray(body) ? body[0] : (body.items?.[0] ?? body)) as Record<string, unknown>;
    const id = item['id'] ?? item['_id'] ?? item['identifier'];
    if (typeof id !== 'string') return response;
    if (item['email'] !== undefined) ids['a1'] = id;
    else if (item['outcome'] !== undefined) ids['d4'] = id;
    else if (item['params'] !== undefined) ids['c3'] = id;
    else if (item['location'] !== undefined) ids['b2'] = id;
  } catch {
    // an answer that is no JSON, or an empty list, names nothing
  }
  return response;
};

/** Puts the noted ids in the place of those of the examples. */
export const putIds = (request: Asked): Asked => {
  const { pladmedIds = {} } = globalThis as { pladmedIds?: Record<string, string> };
  const put = (text: string) =>
    text.replace(
      /6720a1b2c3d4e5f6000000(a1|b2|c3|d4)/g,
      (sample, which: string) => pladmedIds[which] ?? sample,
    );
  request.url = put(request.url);
  if (typeof request.body === 'string') request.body = put(request.body);
  return request;
};
