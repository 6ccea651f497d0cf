/** What an HTTP request brought back; `body` is what the caller expects of it, unchecked. */
export interface Answer<T> {
  status: number;
  headers: Headers;
  text: string;
  body: T;
}

export interface ErrorBody {
  Error: string;
}

interface Request {
  headers?: Record<string, string>;
  /** Sent as it is. */
  raw?: string | Uint8Array<ArrayBuffer>;
  /** Sent as JSON. */
  json?: unknown;
}

/** Speaks HTTP as the classic frontend does: JSON bodies, the token in the header `access_token`. */
export class HttpClient {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  as(token: string): HttpClient {
    return new HttpClient(this.url, token);
  }

  get<T = ErrorBody>(path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.send<T>('GET', path, { headers });
  }

  post<T = ErrorBody>(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.send<T>('POST', path, { json, headers });
  }

  async send<T = ErrorBody>(method: string, path: string, request: Request = {}): Promise<Answer<T>> {
    const body = request.raw ?? (request.json === undefined ? undefined : JSON.stringify(request.json));
    const headers = new Headers({
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(this.token === undefined ? {} : { access_token: this.token }),
      ...request.headers,
    });
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : undefined) as T,
    };
  }
}
