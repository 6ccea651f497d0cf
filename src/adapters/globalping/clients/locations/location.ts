/** What is asked of probes: all of it must hold. Codes and names are those of the lists in names.ts. */
export interface Location {
  continent?: string | undefined;
  region?: string | undefined;
  country?: string | undefined;
  state?: string | undefined;
  city?: string | undefined;
  network?: string | undefined;
  asn?: number | undefined;
  tags?: string[] | undefined;
  /** terms joined by `+` */
  magic?: string | undefined;
  /** of this location alone */
  limit?: number | undefined;
}
