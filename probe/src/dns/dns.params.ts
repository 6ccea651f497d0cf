import {
  type DnsParams as Stated,
  dnsParams as stated,
  QUERY_TYPES,
  queryTypeNumber,
} from '@pladmed/protocol';

/** Parameters with the number of the query type in the place of its word. */
export type DnsParams = Omit<Stated, 'type'> & { type: number };

export const dnsParams = stated.schema.transform(({ type, ...others }): DnsParams => ({
  ...others,
  type: queryTypeNumber(type) ?? QUERY_TYPES.a,
}));
