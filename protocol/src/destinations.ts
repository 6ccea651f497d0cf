import { z } from 'zod';

/** Destinations that one run may have. */
export const MAX_DESTINATIONS = 1_000;
/** The longest word or sentence about one of them, in characters. */
export const MAX_DESTINATION_TEXT = 256;

const text = z.string().max(MAX_DESTINATION_TEXT);

/** What became of one destination of a run, as asked for; docs/protocol.md, `destinations`. */
export const destinationSchema = z.object({
  destination: z.string().max(255),
  /** Measured, or to be measured; null without one. */
  address: z.string().max(64).nullable(),
  /** Milliseconds that the name took; null for an address. */
  resolve_ms: z.number().min(0).nullable(),
  /** Why it was not measured, in a word; null: it was. */
  error: text.nullable(),
  /** What is to be known of a name that was resolved in part. */
  note: text.optional(),
});
export type Destination = z.infer<typeof destinationSchema>;

const list = z.array(destinationSchema).max(MAX_DESTINATIONS);

/**
 * Reads the member `destinations` of a result; the result itself does not depend on it.
 * @returns the destinations, or a sentence that says why they cannot be read; neither where there is no such member
 */
export function readDestinations(member: unknown): { destinations?: Destination[]; problem?: string } {
  if (member === undefined || member === null) return {};
  const read = list.safeParse(member);
  if (read.success) return { destinations: read.data };
  const issue = read.error.issues[0];
  const place = ['destinations', ...(issue?.path ?? [])].join('.');
  return { problem: `${place}: ${issue?.message ?? 'not valid'}` };
}
