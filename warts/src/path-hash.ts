/**
 * A path's hash: FNV-1a with 64 bits over the ASCII bytes of its addresses, `*` for a silent TTL, each followed by a
 * newline; as 16 lower-case hexadecimal digits. Needs no cryptography and no BigInt, so that it runs everywhere.
 */
export function pathHash(path: readonly (string | null)[]): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  const add = (byte: number): void => {
    low = (low ^ byte) >>> 0;
    // Times the prime 2^40 + 0x1b3, modulo 2^64; 0x1b3 has 9 bits, so that products stay exact.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x100000000) + (low << 8)) >>> 0;
    low = product >>> 0;
  };
  for (const address of path) {
    const text = address ?? '*';
    for (let i = 0; i < text.length; i++) add(text.charCodeAt(i));
    add(10);
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
