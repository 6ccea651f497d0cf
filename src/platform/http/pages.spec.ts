import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../database/object-id.js';
import { DomainError } from '../errors/domain.error.js';
import { decodeCursor, decodeTimedCursor, encodeCursor, PageQuery, pageOf } from './pages.js';

const id = fc.stringMatching(/^[0-9a-f]{24}$/).map((text) => new ObjectId(text));
const at = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

describe('cursors', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(id, at, (_id, time) => {
        expect(decodeCursor(encodeCursor({ _id }))).toEqual({ _id });
        expect(decodeTimedCursor(encodeCursor({ _id, at: time }))).toEqual({ _id, at: time });
        expect(encodeCursor({ _id, at: time })).toMatch(/^[A-Za-z0-9_-]{1,100}$/);
      }),
    );
  });

  it('are refused, never misread, when they are none of ours', () => {
    const decode = (text: string) => () => decodeTimedCursor(text);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        fc.pre(!/^[0-9a-f]{24}\.\d{1,15}$/.test(Buffer.from(text, 'base64url').toString('latin1')));
        expect(decode(text)).toThrow(DomainError);
      }),
    );
    expect(decode(encodeCursor({ _id: new ObjectId() }))).toThrow('cursor must be');
  });

  it('may be absent', () => {
    expect([decodeCursor(undefined), decodeTimedCursor(undefined)]).toEqual([undefined, undefined]);
  });
});

describe('pageOf', () => {
  const entities = (count: number) => Array.from({ length: count }, () => ({ _id: new ObjectId() }));

  function page(found: { _id: ObjectId }[], limit: number) {
    const headers = new Map<string, string>();
    const http = {
      request: { originalUrl: '/api/v1/probes?mine=true&cursor=old' },
      response: { setHeader: (name: string, value: string) => headers.set(name, value) },
    } as unknown as Parameters<typeof pageOf>[0];
    const query = Object.assign(new PageQuery(), { limit });
    return {
      headers,
      ...pageOf(
        http,
        query,
        found,
        ({ _id }) => _id,
        (entity) => entity,
      ),
    };
  }

  it('shows as many as asked for, and where the next page is', () => {
    const found = entities(4);
    const { items, next, headers } = page(found, 3);
    expect(items).toEqual(found.slice(0, 3).map(({ _id }) => _id));
    expect(decodeCursor(next ?? '')).toEqual(found[2]);
    expect(headers.get('Link')).toBe(`</api/v1/probes?mine=true&cursor=${next ?? ''}>; rel="next"`);
  });

  it.each([0, 2, 3])('says that the last page is the last (%d of 3)', (count) => {
    const { items, next, headers } = page(entities(count), 3);
    expect([items.length, next, headers.size]).toEqual([count, null, 0]);
  });
});
