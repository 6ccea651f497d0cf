import { z } from 'zod';

/**
 * The socket contract of classic probes: both directions, in one file. It has no version and does not change.
 * Sources of its oddities are fielded clients; each stands beside what it explains.
 */
export interface ClassicJob {
  _id: string;
  /** known, checked parameters only: fielded probes put them on a command line */
  params: Record<string, unknown>;
  results: [];
  /** cost of one run */
  credits: number;
  result_format: string;
}

export interface ServerToClassicProbe {
  traceroute: (job: ClassicJob, acknowledge: (answer: unknown) => void) => void;
  ping: (job: ClassicJob, acknowledge: (answer: unknown) => void) => void;
  dns: (job: ClassicJob, acknowledge: (answer: unknown) => void) => void;
}

export interface ClassicProbeToServer {
  new_operation: (message: unknown, acknowledge?: (answer: unknown) => void) => void;
  finish_operation: (message: unknown, acknowledge?: (answer: unknown) => void) => void;
  /** acknowledged with the operation's id as the only argument, exactly as it was sent */
  results: (message: unknown, acknowledge?: (operationId: string) => void) => void;
}

const MAX_CREDITS = 1_000_000_000;

export const creditsMessage = z.object({ credits: z.number().int().min(0).max(MAX_CREDITS) });

export const resultsMessage = z.object({
  operation_id: z.string().max(64),
  content: z.union([
    z.instanceof(Uint8Array).transform((view) => Buffer.from(view.buffer, view.byteOffset, view.length)),
    // kept as it came: text is no result that can be decoded, but the probe must not send it for ever
    z.string().transform((text) => Buffer.from(text, 'utf8')),
  ]),
  unique_code: z.string().min(1).max(128),
  format: z.enum(['warts', 'gzip']),
});

/** @returns a header's whole number; 0 where it is missing or none */
export function creditsHeader(value: string | string[] | undefined): number {
  const text = Array.isArray(value) ? value[0] : value;
  return text !== undefined && /^\d{1,9}$/.test(text.trim()) ? Number(text) : 0;
}
