type Given = { value: unknown };

/** As people write them: not what Number alone would take, `0x1` and ` 1 `. */
const DECIMAL = /^-?\d{1,9}(?:\.\d{1,15})?$/;

/** Transforms of class-transformer for members of a query, which come as text; what is none is left for the validator to refuse. */
export const toBoolean = ({ value }: Given): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;

export const toNumber = ({ value }: Given): unknown =>
  typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;

/** A whole number of 32 bits, as a query has it. */
export const toWhole = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;

/** A member that may be given several times. */
export const toList = ({ value }: Given): unknown => (typeof value === 'string' ? [value] : value);
