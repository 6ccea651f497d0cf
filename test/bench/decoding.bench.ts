import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, summarize, type PingRecord } from '@pladmed/warts';

const ROOT = join(import.meta.dirname, '../..');
/** Files with the pings that are decoded and summarised: one of 2 KB, and 2 KB of three. */
const FILES = {
  'a ping with 51 replies, its list and cycle': 'warts/test/fixtures/100-ping-c-51.warts',
  'three pings with 15 replies each, their list and cycle': 'test/bench/fixtures/pings-2kb.warts',
};
const WARM_UP = 20_000;
const ROUNDS = 200;
const A_ROUND = 500;

export interface DecodingFigures {
  what: string;
  bytes: number;
  /** Microseconds of processor time of this process to decode the file and to summarise its pings: the median round. */
  medianUs: number;
  /** The round that other work disturbed least. */
  leastUs: number;
}

function decodeAndSummarize(bytes: Uint8Array): number {
  let received = 0;
  for (const record of decode(bytes).records) {
    if (record.type === 'ping') received += summarize<PingRecord>(record).received;
  }
  return received;
}

function processorUs(bytes: Uint8Array): number {
  const began = process.cpuUsage();
  for (let i = 0; i < A_ROUND; i++) decodeAndSummarize(bytes);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / A_ROUND;
}

/** What 2 KB of pings cost from bytes to figures, as a caller of the decoder's package does it. */
export function benchDecoding(): DecodingFigures[] {
  return Object.entries(FILES).map(([what, file]) => {
    const bytes = readFileSync(join(ROOT, file));
    for (let i = 0; i < WARM_UP; i++) decodeAndSummarize(bytes);
    const rounds = Array.from({ length: ROUNDS }, () => processorUs(bytes)).sort((a, b) => a - b);
    return {
      what,
      bytes: bytes.length,
      medianUs: rounds[ROUNDS >> 1] ?? NaN,
      leastUs: rounds[0] ?? NaN,
    };
  });
}
