/** What came of a request under `/v1`. */
export interface V1Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface V1Measurement {
  id: string;
  status: string;
  probesCount: number;
  results: { probe: Record<string, unknown>; result: Record<string, unknown> }[];
}

/** A client of Globalping at some server. */
export class V1Client {
  /** @param token absent: nobody's @param address from which it seems to come, where the server trusts a proxy */
  constructor(
    private readonly url: string,
    private readonly token?: string,
    private readonly address?: string,
  ) {}

  /** From another address: nobody may read one measurement at the pace of a test. */
  from(address: string): V1Client {
    return new V1Client(this.url, this.token, address);
  }

  async send<T>(method: string, path: string, body?: unknown): Promise<V1Answer<T>> {
    const response = await fetch(`${this.url}/v1${path}`, {
      method,
      headers: {
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
        ...(this.address !== undefined && { 'x-forwarded-for': this.address }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson && text !== '' ? JSON.parse(text) : {}) as T,
    };
  }

  create<T = { id: string; probesCount: number }>(body: unknown): Promise<V1Answer<T>> {
    return this.send<T>('POST', '/measurements', body);
  }

  read(id: string): Promise<V1Answer<V1Measurement>> {
    return this.send('GET', `/measurements/${id}`);
  }
}
