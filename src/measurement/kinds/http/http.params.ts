import { MAX_URLS } from '@pladmed/protocol';
import { Param } from '../../params/param.decorator.js';
import { flag, integer, oneOf } from '../../params/param.rules.js';
import { urlList } from './url.rule.js';

export const DEFAULT_BODY_BYTES = 1_048_576;

/** Parameters of HTTP requests; docs/protocol.md, kind `http`. */
export class HttpParams {
  @Param(urlList(MAX_URLS), {
    description: `URLs to ask for: 1 to ${MAX_URLS}; each is a destination. Redirects are not followed.`,
    example: ['https://example.org/'],
  })
  urls?: string[];

  @Param(oneOf('GET', 'HEAD'), { description: 'Request method.', example: 'GET', default: 'GET' })
  method?: string;

  @Param(flag(), { description: "Switch: connect over IPv4 only. The value is ''.", example: '' })
  ipv4?: string;

  @Param(flag(), { description: "Switch: connect over IPv6 only. The value is ''.", example: '' })
  ipv6?: string;

  @Param(integer(1, 60), {
    description: 'Time that a request may take from its connection to the end of the answer, in seconds.',
    example: 10,
    default: 10,
  })
  timeout_s?: number;

  @Param(integer(0, 10_485_760), {
    description:
      'What is read of a body, in bytes; it is counted and not kept. A run reads 67,108,864 bytes at the most.',
    example: 1_048_576,
    default: DEFAULT_BODY_BYTES,
  })
  max_body_bytes?: number;
}
