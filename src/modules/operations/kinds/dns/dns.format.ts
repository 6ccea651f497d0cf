import { dnsDocument } from '@pladmed/protocol';
import { jsonFormat } from '../../../results/formats/json.format.js';

/** RFC 1035, section 4.1.1, and the IANA registry of DNS RCODEs. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const HEADER_BYTES = 12;

export const dnsFormat = jsonFormat(
  dnsDocument,
  ({ name, type, resolver, transport, rtt_ms, response, error }) => {
    const header = response === null ? undefined : headerOf(Buffer.from(response, 'base64'));
    return {
      type: 'dns',
      name,
      qtype: type,
      resolver,
      transport,
      rtt_ms,
      rcode: header?.rcode ?? null,
      answers: header?.answers ?? null,
      error: error ?? null,
    };
  },
);

function headerOf(message: Buffer): { rcode: string; answers: number } | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const code = message.readUInt8(3) & 0x0f;
  return { rcode: RCODES[code] ?? `RCODE${code}`, answers: message.readUInt16BE(6) };
}
