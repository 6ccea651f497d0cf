import { z } from 'zod';
import { isHostName, isHostNameOrIpv4, isIpLiteral, isLookupName } from '../names.js';
import { MAX_DESTINATIONS } from '../destinations.js';

/**
 * The rules that parameters are made of. Each is a zod schema whose message says what would be right, as the end of a sentence
 * that begins with the name of the field: `must be an integer from 1 to 255`.
 */

/** JSON Schema keywords (OpenAPI 3.1) of a text: what of a rule they can say. */
export interface TextKeywords {
  maxLength?: number;
  pattern?: string;
  format?: string;
  anyOf?: (TextKeywords & { type?: 'string' })[];
}

/** Each alternative has its type: makers of client types take one without for anything. */
const IP_KEYWORDS: TextKeywords = {
  anyOf: [
    { type: 'string', format: 'ipv4' },
    { type: 'string', format: 'ipv6' },
  ],
};

const LABEL = '[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
/** isHostName() as a pattern: the last label is no number. */
const HOST_NAME_KEYWORDS: TextKeywords = {
  maxLength: 254,
  pattern: String.raw`^(${LABEL}\.)*(?!([0-9]+|0[xX][0-9a-fA-F]*)\.?$)${LABEL}\.?$`,
};

const LOOKUP_LABEL = '[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?';
/** isLookupName() as a pattern. */
const LOOKUP_NAME_KEYWORDS: TextKeywords = {
  maxLength: 254,
  pattern: String.raw`^(\.|(${LOOKUP_LABEL}\.)*${LOOKUP_LABEL}\.?)$`,
};

/** A JSON number without a fraction, both ends included; a numeric string is none. */
export function integer(minimum: number, maximum: number): z.ZodInt {
  const error = `must be an integer from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

/** A port of TCP or UDP. */
export const port = (): z.ZodInt => integer(1, 65_535);

/** A JSON number, both ends included. */
export function decimal(minimum: number, maximum: number): z.ZodNumber {
  const error = `must be a number from ${minimum} to ${maximum}`;
  return z.number({ error }).min(minimum, { error }).max(maximum, { error });
}

/** One of a few words, as written. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` });
}

/** A switch is on when it is there, and its value is ''. */
export function toggle() {
  return z.literal('', { error: "must be '' (an empty string)" }).optional();
}
export type Toggle = z.infer<ReturnType<typeof toggle>>;

/** True or false; '' and 1 are neither. */
export function truth(): z.ZodBoolean {
  return z.boolean({ error: 'must be true or false' });
}

/** A text for which a function says whether it is right; where it is not, checks of all parameters together do not look at it. */
export function text(expected: string, isRight: (value: string) => boolean, keywords: TextKeywords) {
  const error = `must be ${expected}`;
  return z
    .string({ error })
    .refine(isRight, { error, abort: true })
    .meta({ ...keywords });
}

/** A strict IP literal. */
export const ipLiteral = () => text('an IPv4 or IPv6 address', isIpLiteral, IP_KEYWORDS);

/** A host name by RFC 1123. */
export const hostName = () => text('a host name (RFC 1123)', isHostName, HOST_NAME_KEYWORDS);

/** IP literals to measure. */
export const ipList = (most?: number) => listOf('IPv4 or IPv6 addresses', isIpLiteral, IP_KEYWORDS, most);

/** A host by its address or its name. */
export const addressOrName = () =>
  text(
    'an IPv4 or IPv6 address, or a host name (RFC 1123)',
    (value) => isIpLiteral(value) || isHostName(value),
    {
      anyOf: [...(IP_KEYWORDS.anyOf ?? []), { type: 'string', ...HOST_NAME_KEYWORDS }],
    },
  );

/** Destinations by name; callers of the classic routes name addresses here, too. */
export const targetNameList = () =>
  listOf('host names (RFC 1123) or IPv4 addresses', isHostNameOrIpv4, {
    anyOf: [
      { type: 'string', ...HOST_NAME_KEYWORDS },
      { type: 'string', format: 'ipv4' },
    ],
  });

/** Host names only. */
export const hostNameList = (most?: number) =>
  listOf('host names (RFC 1123)', isHostName, HOST_NAME_KEYWORDS, most);

/** Names that are looked up, and go nowhere else. */
export const lookupNameList = () =>
  listOf('domain names (letters, digits, hyphens and underscores)', isLookupName, LOOKUP_NAME_KEYWORDS);

/** A list that has to be empty when it is there. */
export function emptyList() {
  const error = 'must be absent or an empty list';
  return boundedList(z.array(z.string({ error }), { error }).max(0), 0, error);
}

/** @param what the items, in the plural */
export function listOf(
  what: string,
  isItem: (value: string) => boolean,
  keywords: TextKeywords,
  most = MAX_DESTINATIONS,
) {
  const error = `must be a list of ${what}`;
  const item = z
    .string({ error })
    .refine(isItem, { error, abort: true })
    .meta({ ...keywords });
  return boundedList(z.array(item, { error }).max(most), most, `must have at most ${most} entries`);
}

type TextList = z.ZodArray<z.ZodString>;

/** Looks at the length before any item: a list of a million wrong ones would have a million complaints. */
function boundedList(list: TextList, most: number, message: string): z.ZodPreprocess<TextList, string[]> {
  return z.preprocess<string[], TextList, string[]>((value, context) => {
    if (!Array.isArray(value) || value.length <= most) return value;
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  }, list);
}
