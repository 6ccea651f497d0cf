import { z } from 'zod';

/** A JSON number without a fraction, both ends included. */
export function whole(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export const port = () => whole(1, 65_535);

/** True or false; a word or a number is neither. */
export const truth = () => z.boolean({ error: 'must be true or false' });

/** A text of so many characters at the most. */
export function text(most: number, least = 0) {
  const error = `must be a text of ${least === 0 ? '' : `${least} to `}${most} characters${least === 0 ? ' at most' : ''}`;
  return z.string({ error }).min(least, { error }).max(most, { error });
}

/** The same without control characters, line breaks among them. */
export function line(most: number) {
  return text(most).regex(/^\P{Cc}*$/u, { error: 'must be one line without control characters' });
}

/**
 * One of some words, in any case; it is read as the list has it.
 * @param what for the sentence, where the list is too long to be told
 */
export function word<const Words extends readonly [string, ...string[]]>(words: Words, what?: string) {
  const error = `must be ${what ?? `one of ${words.join(', ')}`}`;
  const asListed = new Map(words.map((each) => [each.toLowerCase(), each]));
  return z.preprocess(
    (value) => (typeof value === 'string' ? asListed.get(value.toLowerCase()) : value),
    z.enum(words, { error }),
  );
}

/** An object without members beside those of the shape. */
export function exact<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? undefined : 'must be an object'),
  });
}
