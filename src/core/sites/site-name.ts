/** Letters and digits of any script, with some signs between them: nothing that a path, a shell or a log reads as its own. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._'()&,+-]*[\p{L}\p{M}\p{N}.)])?$/u;
export const MAX_NAME = 100;

export const NAME_RULE = `must be 1 to ${MAX_NAME} letters, digits, spaces and . _ ' ( ) & , + -, begin with a letter or a digit and end with no space`;

/** @returns the name as it is kept (Unicode's form NFC); undefined: it is none */
export function siteName(text: string): string | undefined {
  // before anything is done with it: a longer text may be of any length
  if (text.length > 4 * MAX_NAME) return undefined;
  const name = text.normalize('NFC');
  return name.length <= MAX_NAME && NAME.test(name) ? name : undefined;
}

/** @returns the same for names that differ in case, in spaces or in how their characters are coded alone */
export function keyOf(name: string): string {
  // twice: lower case letters of some scripts have another normal form
  return name.normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/g, ' ');
}
