import { z } from 'zod';

/** Members that summaries of several kinds have, with what a reader of the OpenAPI document is told of them. */

/** Milliseconds; null where they have no basis. */
export const milliseconds = (description: string) => z.number().nullable().meta({ description });

/** A count; null where it has no basis. */
export const count = (description: string) => z.int().min(0).nullable().meta({ description });

/** A word or a sentence; null where there is none. */
export const words = (description: string) => z.string().nullable().meta({ description });

/** Tells the entries of one kind from those of others. */
export const shape = <Type extends string>(type: Type) =>
  z.literal(type).meta({ description: 'Which of the shapes of entries this is.' });

/** An RFC 3339 time; null where there is none. */
export const moment = (description: string) =>
  z.string().meta({ format: 'date-time' }).nullable().meta({ description });

export const failure = () => words('What went wrong, in a word or a sentence; null: nothing did.');

/** Of an entry that cannot be read. @param type the kind */
export const unreadable = <Type extends string>(type: Type) =>
  z.strictObject({
    type: shape(type),
    error: z.string().meta({ description: '`cannot be read: MEMBER: WHY`.' }),
  });

/** How a destination was asked for, where the probe says it. */
const asked = {
  destination: z.string().meta({ description: 'As asked for.' }),
  resolve_ms: milliseconds('Time that the name took, in milliseconds; null for an address.'),
  note: z
    .string()
    .optional()
    .meta({ description: 'Which question for its addresses was not answered; absent: none.' }),
};

/** Of a destination to which no packet was sent. */
const unsent = <Type extends string>(type: Type) =>
  z.strictObject({
    type: shape(type).optional().meta({
      description: 'Which of the shapes of entries this is; absent where nothing was measured at all.',
    }),
    ...asked,
    dst: words('Address that was to be measured; null without one.'),
    error: z.string().meta({ description: 'Why it was not measured.' }),
  });

/** What scamper measured, with what the probe says of the destination if it does, or a destination that was not measured. */
export function ofPackets<Type extends string, Members extends z.ZodRawShape>(type: Type, members: Members) {
  const measured = z.strictObject({
    type: shape(type),
    src: words('Address of the probe; null if the record does not tell.'),
    dst: z.string().meta({ description: 'Address that was measured.' }),
    start: z
      .strictObject({
        sec: z.int().meta({ description: 'Seconds since 1970.' }),
        usec: z.int().meta({ description: 'Microseconds beside them.' }),
      })
      .meta({ description: "Begin, by the probe's clock: seconds since 1970, and microseconds." }),
    ...members,
  });
  const named = measured.extend({ ...asked, error: failure() });
  return { measured, entry: z.union([named, measured, unsent(type)]) };
}

/** What a Globalping probe says of a ping or traceroute that ended: it has no time of its own, and other members than scamper. */
export function reported<Type extends string, Members extends z.ZodRawShape>(type: Type, members: Members) {
  return z.strictObject({
    type: shape(type),
    destination: asked.destination,
    dst: words('Address that was measured; null where the probe does not tell.'),
    ...members,
    error: failure(),
  });
}
