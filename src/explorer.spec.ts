import { beforeEach, describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { SAMPLE_IDS } from './platform/http/ids.js';
import { noteIds, putIds } from './explorer.js';

/** As in a browser: the text of the functions, and nothing of this module. */
describe('the explorer', () => {
  let note: typeof noteIds;
  let put: typeof putIds;
  beforeEach(() => {
    [note, put] = runInNewContext(`[${noteIds.toString()}, ${putIds.toString()}]`) as [
      typeof noteIds,
      typeof putIds,
    ];
  });

  const shown = (body: unknown) => note({ text: JSON.stringify(body) });

  it('puts what was made last in the place of the examples', () => {
    shown({ id: 'u', email: 'ada@example.org' });
    shown({ id: 'p0', location: {} });
    shown({ id: 'p', location: {}, token: 'x' });
    shown({ id: 'o', params: {}, probes: [] });
    shown({
      items: [
        { id: 'r', outcome: 'stored' },
        { id: 'r2', outcome: 'stored' },
      ],
      next: null,
    });
    const { user, probe, operation, result } = SAMPLE_IDS;
    const url = `/x/${user}/${probe}/${operation}/${result}`;
    expect(put({ url, body: `{"probes":["${probe}"]}` })).toEqual({
      url: '/x/u/p/o/r',
      body: '{"probes":["p"]}',
    });
  });

  it('knows the words of the classic routes', () => {
    shown([{ identifier: 'p', location: {} }]);
    shown({ _id: 'o', params: {}, results: [] });
    expect(put({ url: `/operation?id=${SAMPLE_IDS.operation}&x=${SAMPLE_IDS.probe}` }).url).toBe(
      '/operation?id=o&x=p',
    );
  });

  it('leaves alone what it does not know', () => {
    for (const text of [undefined, '', 'text', '[]', 'null', '7', '{}', '{"items":[]}']) {
      const response = text === undefined ? {} : { text };
      expect(note(response)).toBe(response);
    }
    const request = { url: `/api/v1/probes/${SAMPLE_IDS.probe}`, body: undefined };
    expect(put({ ...request })).toEqual(request);
  });
});
