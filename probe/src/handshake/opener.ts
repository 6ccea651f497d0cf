import { createDecipheriv, createHmac } from 'node:crypto';

const TAG_BYTES = 16;
const IV_BYTES = 12;

const SUITES = new Map([
  [0x1301, { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 }],
  [0x1302, { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 }],
  [0x1303, { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 }],
] as const);

/** HKDF-Expand-Label (RFC 8446, section 7.1) without a context, of no more bytes than the hash has. */
function expandLabel(hash: string, secret: Buffer, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.from([0, bytes, name.length, ...name, 0, 1]);
  return createHmac(hash, secret).update(info).digest().subarray(0, bytes);
}

/**
 * Makes what opens the records of a server's handshake, one after the other (RFC 8446, section 5.2).
 * @param secret server_handshake_traffic_secret, which the TLS library tells
 * @returns null for a suite that it does not know; the opener throws at a record that is of other keys
 */
export function recordOpener(
  suite: number,
  secret: Buffer,
): ((header: Buffer, sealed: Buffer) => { type: number; content: Buffer }) | null {
  const known = SUITES.get(suite as 0x1301);
  if (known === undefined) return null;
  const key = expandLabel(known.hash, secret, 'key', known.keyBytes);
  const iv = expandLabel(known.hash, secret, 'iv', IV_BYTES);
  let sequence = 0;
  return (header, sealed) => {
    const nonce = Buffer.from(iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(IV_BYTES - 4) ^ sequence++) >>> 0, IV_BYTES - 4);
    const decipher = createDecipheriv(known.cipher as 'chacha20-poly1305', key, nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(header, { plaintextLength: sealed.length - TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const inner = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
    let end = inner.length;
    // Padding of zeros is behind the type.
    while (end > 0 && inner[end - 1] === 0) end--;
    return { type: inner[end - 1] ?? 0, content: inner.subarray(0, Math.max(0, end - 1)) };
  };
}
