import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type WartsRecordFile, WartsRecords } from '../../measurement/formats/warts-records.js';
import { digestResult, FORMATS } from '../../measurement/kinds/result-formats.js';
import { type OperationKind, WARTS } from '../assignments/index.js';
import { FileError } from './file-error.js';
import { type FileItem } from './records.js';

const KINDS: Readonly<Record<string, OperationKind>> = { ping: 'ping', trace: 'traceroute' };
/** Different records that are known again in one file; bytes that come again later than that count as the first of theirs. */
const MOST_KNOWN = 200_000;
const IDENTITY_BYTES = 15;

/**
 * Results of a file of scamper: one for each record that is a measurement. Its raw bytes are a file of their own: the record behind
 * the list and the cycle that it names.
 * @throws FileError behind what came before the damage
 */
export async function* wartsResults(source: AsyncIterable<Uint8Array>): AsyncGenerator<FileItem, void> {
  const identities = new Identities();
  let record = 0;
  for await (const found of wartsRecords(source)) {
    yield await itemOf(found, record, identities);
    record += 1;
  }
}

/** The records of a file, each a file of its own. @throws FileError behind what came before the damage */
export async function* wartsRecords(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<WartsRecordFile, void> {
  const file = new WartsRecords();
  try {
    for await (const chunk of source) yield* file.push(chunk);
    file.finish();
  } catch (error) {
    if (WartsRecords.isDamage(error)) throw new FileError(error.message);
    throw error;
  }
}

async function itemOf(
  { type, raw, problem, startedAt, monitor }: WartsRecordFile,
  record: number,
  identities: Identities,
): Promise<FileItem> {
  if (problem !== undefined) return { type: 'refused', record, message: problem };
  if (raw === undefined) return { type: 'skipped', record };
  const digest = await digestResult('warts', raw);
  return {
    type: 'result',
    result: {
      ...{ record, kind: KINDS[type] ?? WARTS, probe: monitor ?? 'unknown', identity: identities.of(raw) },
      members: {
        ...{ outcome: 'stored', format: 'warts', raw, summary: digest.summary },
        summary_rules: FORMATS.warts.rules,
        ...(digest.rtts && { rtts: digest.rtts }),
        ...(digest.error !== undefined && { decode_error: digest.error }),
        ...(startedAt && { started_at: startedAt, scheduled_at: startedAt }),
      },
    },
  };
}

/** Tells records apart by what they are: a file that is packed otherwise, or joined with others, brings the same ones. */
class Identities {
  private readonly times = new LRUCache<string, number>({ max: MOST_KNOWN });

  /** Of equal records of one file each is one. */
  of(raw: Buffer): string {
    const hash = createHash('sha256').update(raw).digest().subarray(0, IDENTITY_BYTES).toString('base64url');
    const time = this.times.get(hash) ?? 0;
    this.times.set(hash, time + 1);
    return time === 0 ? `warts:${hash}` : `warts:${hash}:${time}`;
  }
}
