import { MAX_TYPE, QUERY_TYPES, queryTypeNumber } from '@pladmed/protocol';
import { type ParamRule, rule } from '../../params/param.rules.js';

const WORDS = Object.keys(QUERY_TYPES);

/** A query type of the native API: a word, or any type by its number (RFC 3597, section 5). */
export const queryType = (): ParamRule =>
  rule(
    {
      anyOf: [
        { type: 'string', enum: WORDS },
        { type: 'string', pattern: '^[Tt][Yy][Pp][Ee][1-9][0-9]{0,4}$' },
        { type: 'integer', minimum: 1, maximum: MAX_TYPE },
      ],
    },
    `one of ${WORDS.join(', ')}, or a number like TYPE65280 or 65280 (not 41, 249, 250 or 251, which are no questions)`,
    (value) => queryTypeNumber(value) !== undefined,
  );
