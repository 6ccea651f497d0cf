import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { summarize, StreamDecoder } from '@pladmed/warts';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';

const FIXTURES = join(import.meta.dirname, '../../warts/test/fixtures');

/** Results of scamper: a router that says that the destination cannot be reached, and a trace with answers behind its destination. */
const RAW = ['075-ping-c-2-i-0-2-10-77-99-1.warts', '2026/behind-old-udp-paris-4.warts'].map((name) =>
  readFileSync(join(FIXTURES, name)),
);
/** What was stored of them before ICMP errors were told from answers. */
const FORMER = [
  { type: 'ping', dst: '10.77.99.1', sent: 2, received: 2, duplicates: 0, loss: 0, rtt_avg_ms: 0.1 },
  { type: 'trace', dst: '10.99.6.2', reached: true, hop_count: 13, path: [], path_hash: '', rtt_ms: 41.4 },
];

/** What their summaries are now. */
export const RENEWED = RAW.map((bytes) =>
  [...new StreamDecoder().push(bytes)].flatMap((record) =>
    record.type === 'ping' || record.type === 'trace' ? [summarize(record)] : [],
  ),
);

/** Results as an earlier version stored them, received at `at` and before, by turns a ping and a trace. */
export function formerResults(count: number, at: Date): ResultEntity[] {
  return Array.from({ length: count }, (_, n) => {
    const received = new Date(at.getTime() - (count - n) * 1000);
    return {
      _id: new ObjectId(idBytes(received, n)),
      operation: new ObjectId(),
      probe: new ObjectId(),
      unique_code: String(n),
      outcome: 'stored',
      received_at: received,
      format: 'warts',
      raw: RAW[n % 2]!,
      summary: [{ ...FORMER[n % 2]! }],
    };
  });
}

/** An id that a server gave at this time. */
function idBytes(at: Date, n: number): string {
  const seconds = Math.floor(at.getTime() / 1000);
  return seconds.toString(16).padStart(8, '0') + n.toString(16).padStart(16, '0');
}
