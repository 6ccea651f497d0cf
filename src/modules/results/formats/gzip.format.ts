import { type Summary } from '../result.schema.js';
import { type Digest, type Format, MAX_SUMMARIES } from './format.js';
import { gunzip } from './gunzip.js';

/** Classic probes send the text that dig printed, gzipped. */
export const gzipFormat: Format = {
  async digest(raw: Buffer): Promise<Digest> {
    const { bytes, error } = await gunzip(raw);
    return { summary: digSummaries(bytes), ...(error !== undefined && { error }) };
  },

  async present(raw: Buffer): Promise<string> {
    return JSON.stringify((await gunzip(raw)).bytes.toString('utf8'));
  },
};

const STATUS = /->>HEADER<<- opcode: \w+, status: (\w+)/;
const QUERY_TIME = /;; Query time: (\d+) msec/;

/** dig prints an answer's header, and below it the time of the query. */
function digSummaries(text: Buffer): Summary[] {
  const summaries: Summary[] = [];
  for (const line of text
    .subarray(0, 1024 * 1024)
    .toString('utf8')
    .split('\n')) {
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
