import { type Request } from 'express';
import { type Members } from '../../measurement/atlas/common.js';

const USUAL_PAGE = 50;
const LARGEST_PAGE = 500;
const MOST_PAGES = 10_000_000;

export interface PageNumber {
  page: number;
  /** 0: how many there are, and nothing else */
  size: number;
}

export interface Listing {
  count: number;
  next: string | null;
  previous: string | null;
  results: Members[];
}

/** @returns where the client says that the server is: the proxy in front tells */
export function originOf({ headers, protocol }: Request): string {
  const first = (name: string): string | undefined => {
    const value = headers[name];
    return (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim();
  };
  const scheme = first('x-forwarded-proto') === 'https' || protocol === 'https' ? 'https' : 'http';
  return `${scheme}://${first('x-forwarded-host') ?? headers.host ?? 'localhost'}`;
}

/** @returns the text of a parameter; of one that is there several times the first */
export function textOf({ query }: Request, name: string): string | undefined {
  const value = query[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== '' ? first : undefined;
}

/** Words with commas between them. */
export function wordsOf(request: Request, name: string): string[] | undefined {
  const text = textOf(request, name);
  return text === undefined
    ? undefined
    : text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');
}

export function pageNumber(request: Request): PageNumber {
  const whole = (name: string, otherwise: number): number => {
    const text = textOf(request, name) ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
  };
  return {
    page: Math.min(MOST_PAGES, Math.max(1, whole('page', 1))),
    size: Math.min(LARGEST_PAGE, whole('page_size', USUAL_PAGE)),
  };
}

export function listingOf(
  request: Request,
  { page, size }: PageNumber,
  count: number,
  results: Members[],
): Listing {
  return {
    count,
    next: size > 0 && page * size < count ? pageUrl(request, page + 1) : null,
    previous: size > 0 && page > 1 ? pageUrl(request, page - 1) : null,
    results: results.map((each) => withFields(request, each, true)),
  };
}

/** With all filters, and without the key: it is a secret. */
function pageUrl(request: Request, page: number): string {
  const url = new URL(request.originalUrl, originOf(request));
  url.searchParams.delete('key');
  url.searchParams.set('page', String(page));
  return url.href;
}

/** Leaves the members that `fields` names; those that do not exist are left out silently. */
export function withFields(request: Request, members: Members, isListed = false): Members {
  const fields = wordsOf(request, 'fields');
  if (fields === undefined) return members;
  const wanted = new Set([...fields, ...(isListed ? ['id'] : [])]);
  return Object.fromEntries(Object.entries(members).filter(([name]) => wanted.has(name)));
}

/** @returns whether an optional member is asked for */
export function isFieldWanted(request: Request, name: string): boolean {
  return ['fields', 'optional_fields'].some((parameter) => wordsOf(request, parameter)?.includes(name));
}
