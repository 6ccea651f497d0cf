import { Decoder } from 'socket.io-parser';

/** What one message of a server may consist of: enough for ten thousand operations. */
const MOST = { depth: 32, containers: 200_000, members: 1_000_000 } as const;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** The message is built to fill the memory, or by mistake as large as that. */
export class TooIntricate extends Error {}

/**
 * Reads what the server sends, but nothing that would take many times its length in memory: a megabyte of opening brackets becomes
 * sixty. Its error closes the connection.
 */
export class BoundedDecoder extends Decoder {
  override add(message: unknown): void {
    if (typeof message === 'string') checkStructure(message);
    super.add(message);
  }
}

/** @throws TooIntricate */
export function checkStructure(text: string): void {
  let depth = 0;
  let containers = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) members++;
    else if (CLOSING.has(code)) depth--;
    else if (OPENING.has(code)) {
      containers++;
      depth++;
    }
    if (depth > MOST.depth || containers > MOST.containers || members > MOST.members)
      throw new TooIntricate('the message of the server has too many parts');
  }
}

/** @returns where the string ends that begins at `start` */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return text.length;
}
