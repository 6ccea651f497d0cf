import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { DomainError } from '../errors/domain.error.js';
import { PROBLEM_CONTENT_TYPE, problemOf } from './problem.js';

/** What Node's parser says of a request that it does not read to its end: https://nodejs.org/api/http.html#event-clienterror */
const OF_PARSER: Readonly<Record<string, () => DomainError>> = {
  HPE_HEADER_OVERFLOW: () =>
    new DomainError('headers_too_large', 'Address and headers together have more than 16 KB'),
};

/**
 * Answers requests that the parser of HTTP refuses as every door answers a mistake: by a problem, with an id. Node would close
 * the connection with a bare status line.
 */
export function answerUnreadRequests(server: Pick<Server, 'on'>): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // half an answer is on its way, or nobody is there to read one
    if (error.code === 'ECONNRESET' || !socket.writable || hasBegun(socket)) {
      socket.destroy();
      return;
    }
    const { code = '' } = error;
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
      return;
    }
    socket.end(
      answerOf(OF_PARSER[code]?.() ?? new DomainError('invalid_request', 'This is no HTTP request')),
    );
  });
}

/** Node notes the answer that it writes to a connection there; an answer that is whole is taken away. */
function hasBegun(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: { headersSent: boolean } | null };
  return answer?.headersSent === true;
}

function answerOf(error: DomainError): string {
  const id = randomUUID();
  const body = JSON.stringify(problemOf(error, id, false));
  const headers = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'Connection: close',
    'Access-Control-Allow-Origin: *',
    `Content-Type: ${PROBLEM_CONTENT_TYPE}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${id}`,
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body}`;
}
