import { StringDecoder } from 'node:string_decoder';
import { type Summary } from './summary.js';
import { type Digest, type Format, MAX_SUMMARIES, type Presentation, type ReadingLimits } from './format.js';
import { gunzip, unzippedAtOnce, UnzipError, upTo } from './gunzip.js';

/** Answers of dig are looked for in so much of the text. */
const SEARCHED_BYTES = 1024 * 1024;

/** Classic probes send the text that dig printed, gzipped. */
export const gzipFormat: Format = {
  rules: 1,

  digest(raw: Buffer): Promise<Digest> | Digest {
    const text = unzippedAtOnce(raw);
    return text === undefined ? digestInChunks(raw) : { summary: digSummaries(text.toString('utf8')) };
  },

  async *present(raw: Buffer, _as: Presentation, limits: ReadingLimits = {}): AsyncGenerator<string, void> {
    const chunks = limits.whole === undefined ? gunzip(raw) : upTo(limits.whole, gunzip(raw));
    const characters = new StringDecoder('utf8');
    yield '"';
    try {
      for await (const chunk of chunks) yield escaped(characters.write(chunk));
    } catch (damage) {
      damageOf(damage);
    }
    yield `${escaped(characters.end())}"`;
  },

  presentAtOnce(raw: Buffer): string | undefined {
    const text = unzippedAtOnce(raw);
    return text && JSON.stringify(text.toString('utf8'));
  },
};

async function digestInChunks(raw: Buffer): Promise<Digest> {
  const beginning: Buffer[] = [];
  let size = 0;
  let error: string | undefined;
  try {
    for await (const chunk of gunzip(raw)) {
      if (size < SEARCHED_BYTES) beginning.push(chunk);
      size += chunk.length;
    }
  } catch (damage) {
    error = damageOf(damage);
  }
  const text = Buffer.concat(beginning).subarray(0, SEARCHED_BYTES).toString('utf8');
  return { summary: digSummaries(text), ...(error !== undefined && { error }) };
}

/** @throws what is no damage of the bytes */
function damageOf(error: unknown): string {
  if (error instanceof UnzipError) return error.message;
  throw error;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

const STATUS = /->>HEADER<<- opcode: \w+, status: (\w+)/;
const QUERY_TIME = /;; Query time: (\d+) msec/;

/** dig prints an answer's header, and below it the time of the query. */
function digSummaries(text: string): Summary[] {
  const summaries: Summary[] = [];
  for (const line of text.split('\n')) {
    const status = STATUS.exec(line);
    if (status !== null && summaries.length < MAX_SUMMARIES) {
      summaries.push({ type: 'dns', rcode: status[1] ?? null, rtt_ms: null });
    }
    const time = QUERY_TIME.exec(line);
    const last = summaries.at(-1);
    if (time !== null && last !== undefined) last['rtt_ms'] = Number(time[1]);
  }
  return summaries;
}
