import { createHash } from 'node:crypto';
import { type Destination, destinationSchema } from '@pladmed/protocol';
import { z } from 'zod';
import { CLOCK_SOURCES } from '../protocol/protocol.js';

/** A result as the probe keeps it. */
export interface StoredResult {
  operation_id: string;
  /** When the run was due, ms since 1970. */
  at: number;
  started_at: string;
  duration_ms: number;
  clock: z.infer<typeof headerSchema>['clock'];
  format: string;
  content: Buffer;
  /** What became of each destination, where the format does not say it. */
  destinations?: Destination[] | undefined;
}

/** What a result takes in a message, roughly, in bytes. */
export function weightOf({ content, destinations }: Pick<StoredResult, 'content' | 'destinations'>): number {
  return content.length + (destinations === undefined ? 0 : JSON.stringify(destinations).length);
}

const MAGIC = Buffer.from('PLRS0001');
const PREFIX = MAGIC.length + 4;

const headerSchema = z.object({
  operation_id: z.string(),
  at: z.number(),
  started_at: z.string(),
  duration_ms: z.number(),
  clock: z.object({
    offset_ms: z.number().nullable(),
    error_ms: z.number().nullable(),
    source: z.enum(CLOCK_SOURCES),
    age_s: z.number().nullable(),
    stratum: z.number().nullish(),
  }),
  format: z.string(),
  sha256: z.string(),
  destinations: z.array(destinationSchema).optional(),
});

export class DamagedResult extends Error {}

/** The bytes of a result file: a mark, the length of the header, the header as JSON, the content. */
export function encodeResult(result: StoredResult): Buffer[] {
  const { content, ...rest } = result;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const header = Buffer.from(JSON.stringify({ ...rest, sha256 }));
  const prefix = Buffer.alloc(PREFIX);
  MAGIC.copy(prefix);
  prefix.writeUInt32BE(header.length, MAGIC.length);
  return [prefix, header, content];
}

/** @throws DamagedResult when the bytes are not what was written */
export function decodeResult(file: Buffer): StoredResult {
  if (file.length < PREFIX || !file.subarray(0, MAGIC.length).equals(MAGIC))
    throw new DamagedResult('no result file');
  const end = PREFIX + file.readUInt32BE(MAGIC.length);
  const header = readHeader(file.subarray(PREFIX, end));
  const content = file.subarray(end);
  const { sha256, ...rest } = header;
  if (createHash('sha256').update(content).digest('hex') !== sha256)
    throw new DamagedResult('the content is damaged');
  return { ...rest, content };
}

function readHeader(bytes: Buffer): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    throw new DamagedResult('the header is damaged');
  }
}
