/** Of one destination, or of one DNS query: what is worth asking the database for. */
export type Summary = Record<string, unknown>;
