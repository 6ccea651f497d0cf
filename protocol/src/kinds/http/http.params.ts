import { familySwitches } from '../families.js';
import { defineParams, type ParamsOf } from '../params.js';
import { integer, oneOf } from '../rules.js';
import { MAX_URLS } from './http.document.js';
import { urlList } from './url.js';

/** Parameters of HTTP requests; docs/protocol.md, kind `http`. */
export const httpParams = defineParams({
  members: {
    urls: urlList(MAX_URLS)
      .default([])
      .meta({
        description: `URLs to ask for: 1 to ${MAX_URLS}; each is a destination. Redirects are not followed.`,
        example: ['https://example.org/'],
      }),
    method: oneOf('GET', 'HEAD').default('GET').meta({ description: 'Request method.', example: 'GET' }),
    ...familySwitches('connect'),
    timeout_s: integer(1, 60).default(10).meta({
      description: 'Time that a request may take from its connection to the end of the answer, in seconds.',
      example: 10,
    }),
    max_body_bytes: integer(0, 10_485_760).default(1_048_576).meta({
      description:
        'What is read of a body, in bytes; it is counted and not kept. A run reads 67,108,864 bytes at the most.',
      example: 1_048_576,
    }),
  },
  destinationLists: ['urls'],
  maxDestinations: MAX_URLS,
});
export type HttpParams = ParamsOf<typeof httpParams>;
