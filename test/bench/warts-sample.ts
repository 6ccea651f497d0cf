import { readFileSync } from 'node:fs';

/** What `scamper -O warts -o FILE -c 'ping -c 15' -i 127.0.0.1 127.0.0.2 127.0.0.3` wrote: three records, 2 KB. */
export function pingWarts(): Buffer {
  return readFileSync(new URL('fixtures/pings-2kb.warts', import.meta.url));
}
