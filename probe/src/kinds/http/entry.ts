import type { TlsFacts } from '../../measuring/connection.js';
import type { ServerCertificate } from './server-certificate.js';

/** One request, and what came back; docs/protocol.md, format `http`. */
export interface HttpEntry {
  url: string;
  method: string;
  address: string;
  /** Which question for its addresses was not answered. */
  note?: string;
  port: number;
  started_at: string;
  status: number | null;
  http_version: string | null;
  header_bytes: number | null;
  body_bytes: number | null;
  truncated: boolean | null;
  timings: {
    resolve_ms: number | null;
    connect_ms: number | null;
    tls_ms: number | null;
    first_byte_ms: number | null;
    total_ms: number;
  };
  location: string | null;
  content_type: string | null;
  content_length: number | null;
  server: string | null;
  irregular: string[];
  tls: (TlsFacts & { certificate?: ServerCertificate | null }) | null;
  error: string | null;
}
