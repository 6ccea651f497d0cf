import { isHostName, isHostNameOrIpv4, isIpLiteral, isLookupName } from '../targets/names.js';

/** Destinations (or names) that one operation may have in all. */
export const MAX_DESTINATIONS = 1_000;

/** JSON Schema keywords (OpenAPI 3.1) of a parameter. */
export type ParamSchema = {
  type?: 'integer' | 'number' | 'string' | 'boolean' | 'array';
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  enum?: string[];
  items?: TextSchema;
  anyOf?: ParamSchema[];
};

export type TextSchema = {
  type?: 'string';
  maxLength?: number;
  pattern?: string;
  format?: string;
  anyOf?: TextSchema[];
};

const IP_SCHEMA: TextSchema = { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] };

const LABEL = '[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
/** isHostName() as a pattern: the last label is no number. */
export const HOST_NAME_SCHEMA: TextSchema = {
  type: 'string',
  maxLength: 254,
  pattern: String.raw`^(${LABEL}\.)*(?!([0-9]+|0[xX][0-9a-fA-F]*)\.?$)${LABEL}\.?$`,
};

const LOOKUP_LABEL = '[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?';
/** isLookupName() as a pattern. */
const LOOKUP_NAME_SCHEMA: TextSchema = {
  type: 'string',
  maxLength: 254,
  pattern: String.raw`^(\.|(${LOOKUP_LABEL}\.)*${LOOKUP_LABEL}\.?)$`,
};

/** What a parameter's value has to be: checked, and described in the OpenAPI document, from one statement. */
export interface ParamRule {
  schema: ParamSchema;
  /** What is wrong, as a sentence's end (`must be an integer from 1 to 255`); undefined: nothing is. */
  complaint(value: unknown): string | undefined;
}

/** A rule that a kind makes for itself. */
export const rule = (
  schema: ParamSchema,
  expected: string,
  isRight: (value: unknown) => boolean,
): ParamRule => ({
  schema,
  complaint: (value) => (isRight(value) ? undefined : `must be ${expected}`),
});

/** A JSON number without a fraction, both ends included; a numeric string is none. */
export const integer = (minimum: number, maximum: number): ParamRule =>
  rule(
    { type: 'integer', minimum, maximum },
    `an integer from ${minimum} to ${maximum}`,
    (value) => Number.isInteger(value) && between(value as number, minimum, maximum),
  );

/** A JSON number, both ends included. */
export const decimal = (minimum: number, maximum: number): ParamRule =>
  rule(
    { type: 'number', minimum, maximum },
    `a number from ${minimum} to ${maximum}`,
    (value) => typeof value === 'number' && between(value, minimum, maximum),
  );

/** One of a few words, as written. */
export const oneOf = (...words: string[]): ParamRule =>
  rule({ type: 'string', enum: words }, `one of ${words.join(', ')}`, (value) =>
    words.includes(value as string),
  );

/** A switch of the classic contract: it is on when it is there, and its value is ''. */
export const flag = (): ParamRule =>
  rule({ type: 'string', maxLength: 0 }, "'' (an empty string)", (value) => value === '');

/** True or false; '' and 1 are neither. */
export const truth = (): ParamRule =>
  rule({ type: 'boolean' }, 'true or false', (value) => typeof value === 'boolean');

/** A strict IP literal. */
export const ipLiteral = (): ParamRule =>
  rule({ ...IP_SCHEMA, type: 'string' }, 'an IPv4 or IPv6 address', isIpLiteral);

/** IP literals to measure. */
export const ipList = (most?: number): ParamRule =>
  listOf('IPv4 or IPv6 addresses', isIpLiteral, IP_SCHEMA, most);

/** Destinations by name. */
export const targetNameList = (): ParamRule =>
  listOf('host names (RFC 1123) or IPv4 addresses', isHostNameOrIpv4, {
    type: 'string',
    anyOf: [HOST_NAME_SCHEMA, { format: 'ipv4' }],
  });

/** Host names only. */
export const hostNameList = (most?: number): ParamRule =>
  listOf('host names (RFC 1123)', isHostName, HOST_NAME_SCHEMA, most);

/** Names that are looked up, and go nowhere else. */
export const lookupNameList = (): ParamRule =>
  listOf('domain names (letters, digits, hyphens and underscores)', isLookupName, LOOKUP_NAME_SCHEMA);

/** A list that has to be empty when it is there. */
export const emptyList = (): ParamRule =>
  rule(
    { type: 'array', items: { type: 'string' }, maxItems: 0 },
    'absent or an empty list',
    (value) => Array.isArray(value) && value.length === 0,
  );

/** Positions that a complaint about a list names, at most. */
const MAX_POSITIONS_NAMED = 5;

/** @param what the items, in the plural */
export function listOf(
  what: string,
  isItem: (value: unknown) => boolean,
  items: TextSchema,
  most = MAX_DESTINATIONS,
): ParamRule {
  return {
    schema: { type: 'array', items, maxItems: most },
    complaint(value) {
      if (!Array.isArray(value)) return `must be a list of ${what}`;
      if (value.length > most) return `must have at most ${most} entries`;
      const wrong = value.flatMap((item: unknown, position) => (isItem(item) ? [] : [position]));
      if (wrong.length === 0) return undefined;
      const named = wrong.slice(0, MAX_POSITIONS_NAMED).join(', ');
      const more = wrong.length > MAX_POSITIONS_NAMED ? ' and more' : '';
      return `must be a list of ${what} (wrong at position ${named}${more}, counted from 0)`;
    },
  };
}

function between(value: number, minimum: number, maximum: number): boolean {
  return value >= minimum && value <= maximum;
}
