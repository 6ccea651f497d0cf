import { z } from 'zod';
import { MAX_CREDITS } from '../../../core/probes/index.js';

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

export const creditsMessage = z.object({ credits: z.number().int().min(0).max(MAX_CREDITS) });

export const resultsMessage = z.object({
  operation_id: z.string().max(64),
  content: z.union([
    z.instanceof(Uint8Array).transform((view) => Buffer.from(view.buffer, view.byteOffset, view.length)),
    // kept as it came: text is no result that can be decoded, but the probe must not send it for ever
    z.string().transform((text) => Buffer.from(text, 'utf8')),
  ]),
  // half a surrogate pair is stored as another text: two codes would be one run, and none of the two would be found
  unique_code: z
    .string()
    .min(1)
    .max(128)
    .regex(/^\P{Surrogate}*$/u, { error: 'must be Unicode text' }),
  format: z.enum(['warts', 'gzip']),
});

/** What a header says in credits, and what is to be said of it where that is not what it says. */
export interface CreditsHeader {
  credits: number;
  complaint?: string;
}

/** Whole or decimal; doubled by a proxy it is one value twice, with a comma between. */
const NUMBER = /^([+-]?\d+(?:\.\d*)?)(?:\s*,\s*\1)*$/;

/**
 * Reads `total_credits` or `in_use_credits`, of which a fielded probe must not be refused for.
 * @returns a whole number from 0 to 1,000,000,000: the nearest one, or 0 where there is no number
 */
export function creditsHeader(value: string | string[] | undefined): CreditsHeader {
  const text = (Array.isArray(value) ? value.join() : (value ?? '')).trim();
  if (text === '') return { credits: 0, complaint: 'is missing, and counts as 0' };
  const number = NUMBER.exec(text)?.[1];
  if (number === undefined)
    return { credits: 0, complaint: `is no number (${shorten(text)}), and counts as 0` };
  const credits = Math.min(Math.max(Math.trunc(Number(number)), 0), MAX_CREDITS);
  // not the text: 007 is 7
  if (credits === Number(number)) return { credits: credits + 0 };
  return {
    credits,
    complaint: `must be a whole number from 0 to ${MAX_CREDITS} (${shorten(text)}), and counts as ${credits}`,
  };
}

function shorten(text: string): string {
  return text.length > 32 ? `${text.slice(0, 32)}...` : text;
}
