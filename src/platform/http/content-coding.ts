import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import { type Request, type RequestHandler, type Response } from 'express';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { map, type Observable } from 'rxjs';
import { type Duplex, pipeline } from 'node:stream';
import * as zlib from 'node:zlib';

/** Shorter texts are sent as they are. */
const LONG = 4 * 1024;
/** What becomes much shorter: not Parquet, which is packed within, nor what probes have packed. */
const WORTH_IT = /^(?:application\/(?:json|[\w.-]+\+json|x-ndjson|x-warts)|text\/csv)\b/;

interface Coder {
  stream(): Duplex;
  whole(text: string, done: (error: Error | null, packed: Buffer) => void): void;
}

/** Node has it from 22.15 on, and no library packs several streams at a time (docs/adr/0026). */
const { createZstdCompress, zstdCompress } = zlib as typeof zlib & {
  createZstdCompress?: (options: { flush: number }) => Duplex;
  zstdCompress?: Coder['whole'];
};
/** ZSTD_e_flush of zstd.h. */
const ZSTD_FLUSH = 1;

/** Each piece that is handed on can be read at once: a follower waits for no other. */
const CODERS: Readonly<Record<string, Coder>> = {
  ...(createZstdCompress &&
    zstdCompress && {
      zstd: { stream: () => createZstdCompress({ flush: ZSTD_FLUSH }), whole: zstdCompress },
    }),
  gzip: {
    stream: () => zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
    whole: (text, done) => {
      zlib.gzip(text, done);
    },
  },
};

/** The content codings that answers may have; the first is the one that is taken where the client likes several alike. */
export const CODINGS = Object.keys(CODERS);

/** Version 1 of the library, which its types do not know yet. */
interface Preferring {
  encodings(available: string[], options: { preferred: string[] }): string[];
}

/** @returns the coding that the client likes best (RFC 9110, section 12.5.3); undefined: as it is */
export function codingFor(request: Pick<Request, 'headers'>): string | undefined {
  const available = [...CODINGS, 'identity'];
  const negotiator: Preferring = new Negotiator(request as Request);
  const [best] = negotiator.encodings(available, { preferred: CODINGS });
  return best === 'identity' ? undefined : best;
}

/** What is remembered of packed texts, in bytes: those of routes that are asked for the same again and again. */
const REMEMBERED_BYTES = 16 * 1024 * 1024;

/**
 * Packs long texts that are sent at once. Express gives them their ETag and answers HEAD, as it does without.
 * @param again whether the same texts are sent often: they are packed once, and kept in memory
 */
export function packLongAnswers({ again = false } = {}): RequestHandler {
  const remembered = again ? new PackedTexts(REMEMBERED_BYTES) : undefined;
  return (request, response, next) => {
    const send = response.send.bind(response);
    response.send = (body: unknown) => {
      const isOurs =
        typeof body === 'string' && body.length >= LONG && !response.hasHeader('Content-Encoding');
      // an ETag that a route gives is of the text as it is
      if (!isOurs || response.hasHeader('ETag') || !WORTH_IT.test(typeOf(response))) return send(body);
      response.vary('Accept-Encoding');
      const coding = codingFor(request);
      const coder = coding === undefined ? undefined : CODERS[coding];
      if (coding === undefined || coder === undefined) return send(body);
      const sendPacked = (packed: Buffer) => {
        response.setHeader('Content-Encoding', coding);
        if (!typeOf(response).includes('charset')) response.type(`${typeOf(response)}; charset=utf-8`);
        return send(packed);
      };
      const before = remembered?.get(coding, body);
      if (before !== undefined) return sendPacked(before);
      coder.whole(body, (error, packed) => {
        if (response.destroyed) return;
        if (error !== null) {
          next(error);
          return;
        }
        remembered?.set(coding, body, packed);
        sendPacked(packed);
      });
      return response;
    };
    next();
  };
}

/** The same text in the same coding is the same bytes. */
class PackedTexts {
  private readonly packed: LRUCache<string, Buffer>;

  /** @param mostMemory in bytes */
  constructor(mostMemory: number) {
    this.packed = new LRUCache({
      maxSize: mostMemory,
      // V8 takes two for a character where one of them is not Latin-1
      sizeCalculation: (packed, text) => packed.length + 2 * text.length,
    });
  }

  get(coding: string, text: string): Buffer | undefined {
    return this.packed.get(`${coding} ${text}`);
  }

  set(coding: string, text: string, packed: Buffer): void {
    this.packed.set(`${coding} ${text}`, packed);
  }
}

function typeOf(response: Response): string {
  return String(response.getHeader('Content-Type') ?? '');
}

/** Packs answers that are streamed, at the pace of their readers. One that breaks off has no end of its coding either. */
@Injectable()
export class PackStreams implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    return next
      .handle()
      .pipe(
        map((answer) =>
          answer instanceof StreamableFile
            ? packed(answer, http.getRequest<Request>(), http.getResponse<Response>())
            : answer,
        ),
      );
  }
}

function packed(answer: StreamableFile, request: Request, response: Response): StreamableFile {
  const { type, disposition, length } = answer.getHeaders();
  if (length !== undefined || !WORTH_IT.test(type)) return answer;
  response.vary('Accept-Encoding');
  const coding = codingFor(request);
  const coder = coding === undefined ? undefined : CODERS[coding];
  if (coding === undefined || coder === undefined) return answer;
  response.setHeader('Content-Encoding', coding);
  const stream = coder.stream();
  // what fails in the one fails in the other, and who leaves the one has left the other
  pipeline(answer.getStream(), stream, () => undefined);
  return new StreamableFile(stream as never, {
    type,
    ...(disposition !== undefined && { disposition }),
  }).setErrorHandler((error, to) => {
    if (!to.headersSent) response.removeHeader('Content-Encoding');
    answer.errorHandler(error, to);
  });
}
