import { openApi } from './openapi-assert.js';

export interface Answer<T> {
  status: number;
  headers: Headers;
  text: string;
  body: T;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: {
    pointer?: string;
    parameter?: string;
    header?: string;
    detail: string;
    field: string;
    message: string;
  }[];
  Error: string;
}

interface Sent {
  headers?: Record<string, string>;
  /** sent as it is */
  raw?: string | Uint8Array<ArrayBuffer>;
  json?: unknown;
}

/** Speaks the native API. Every answer is held against the OpenAPI document. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  as(token: string): ApiClient {
    return new ApiClient(this.url, token);
  }

  get<T = Problem>(path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.send<T>('GET', path, { headers });
  }

  post<T = Problem>(
    path: string,
    json: unknown = {},
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    return this.send<T>('POST', path, { json, headers });
  }

  patch<T = Problem>(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.send<T>('PATCH', path, { json, headers });
  }

  async send<T = Problem>(
    method: string,
    path: string,
    { headers, raw, json }: Sent = {},
  ): Promise<Answer<T>> {
    const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const { status } = response;
    if (method !== 'HEAD' && method !== 'OPTIONS') {
      openApi.check({ method, path, status, headers: response.headers, text });
    }
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    return { status, headers: response.headers, text, body: parsed as T };
  }

  /** All items of a listing, page by page, by its Link headers. */
  async pages<T>(path: string): Promise<T[][]> {
    const pages: T[][] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const answer: Answer<{ items: T[]; next: string | null }> = await this.get(next);
      if (answer.status !== 200) throw new Error(`${next}: ${answer.text}`);
      pages.push(answer.body.items);
      const link: RegExpExecArray | null = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '');
      if ((link === null) !== (answer.body.next === null)) throw new Error('Link and next disagree');
      next = link?.[1];
    }
    return pages;
  }
}
