import { type z } from 'zod';
import { type httpDocument } from '@pladmed/protocol';
import { familyOf, type Members, orAbsent } from './common.js';

type HttpEntry = z.infer<(typeof httpDocument)['entry']>;

/** One request; what belongs to its connection stands in `result`. */
export function httpMembers(entry: HttpEntry): Members {
  const { url, method, address, timings, status, error } = entry;
  const common = { af: familyOf(address), method, dst_addr: address };
  if (error !== null || status === null)
    return { uri: url, result: [{ ...common, err: error ?? 'no status' }] };
  return {
    uri: url,
    ttr: orAbsent(timings.resolve_ms),
    result: [
      {
        ...common,
        res: status,
        rt: rounded(timings.total_ms - (timings.resolve_ms ?? 0)),
        hsize: orAbsent(entry.header_bytes),
        bsize: orAbsent(entry.body_bytes),
        ver: orAbsent(entry.http_version)?.replace(/^HTTP\//i, ''),
        ttc: orAbsent(timings.connect_ms),
        ttfb: orAbsent(timings.first_byte_ms),
      },
    ],
  };
}

/** To the microsecond: what subtraction adds behind it is nothing that was measured. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
