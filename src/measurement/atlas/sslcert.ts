import { type z } from 'zod';
import { type tlsDocument } from '@pladmed/protocol';
import { familyOf, type Members, orAbsent } from './common.js';

type TlsEntry = z.infer<(typeof tlsDocument)['entry']>;

/** Alerts that end a handshake (RFC 8446, section 6.2), by what OpenSSL calls them. */
const ALERTS: Readonly<Record<string, number>> = {
  CLOSE_NOTIFY: 0,
  UNEXPECTED_MESSAGE: 10,
  BAD_RECORD_MAC: 20,
  RECORD_OVERFLOW: 22,
  HANDSHAKE_FAILURE: 40,
  BAD_CERTIFICATE: 42,
  UNSUPPORTED_CERTIFICATE: 43,
  CERTIFICATE_REVOKED: 44,
  CERTIFICATE_EXPIRED: 45,
  CERTIFICATE_UNKNOWN: 46,
  ILLEGAL_PARAMETER: 47,
  UNKNOWN_CA: 48,
  ACCESS_DENIED: 49,
  DECODE_ERROR: 50,
  DECRYPT_ERROR: 51,
  PROTOCOL_VERSION: 70,
  INSUFFICIENT_SECURITY: 71,
  INTERNAL_ERROR: 80,
  INAPPROPRIATE_FALLBACK: 86,
  USER_CANCELED: 90,
  MISSING_EXTENSION: 109,
  UNSUPPORTED_EXTENSION: 110,
  UNRECOGNIZED_NAME: 112,
  BAD_CERTIFICATE_STATUS_RESPONSE: 113,
  UNKNOWN_PSK_IDENTITY: 115,
  CERTIFICATE_REQUIRED: 116,
  NO_APPLICATION_PROTOCOL: 120,
};
const FATAL = 2;

/** One handshake: certificates that came are shown beside what ended it. */
export function sslcertMembers(entry: TlsEntry): Members {
  const { address, port, timings, version, cipher, chain, error } = entry;
  const { connect_ms: ttc, handshake_ms } = timings;
  return {
    af: familyOf(address),
    dst_addr: address,
    dst_name: entry.destination,
    dst_port: String(port),
    method: 'TLS',
    ver: orAbsent(version)?.replace(/^TLSv/, ''),
    ttr: orAbsent(timings.resolve_ms),
    rt: ttc === null || handshake_ms === null ? undefined : Math.round((ttc + handshake_ms) * 1000) / 1000,
    ttc: orAbsent(ttc),
    server_cipher: orAbsent(cipher),
    cert: chain.length === 0 ? undefined : chain,
    ...(error !== null && failureOf(error)),
  };
}

function failureOf(error: string): Members {
  const description = alertIn(error);
  return description === undefined ? { err: error } : { alert: { level: FATAL, description } };
}

/** @returns the number of the alert that OpenSSL names (`ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION`) */
function alertIn(error: string): number | undefined {
  const name = /^ERR_SSL_(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_ALERT_(\w+)$/.exec(error)?.[1];
  return name === undefined ? undefined : ALERTS[name];
}
