/**
 * What goes over the wire between servers: a line `pladmed1 <sender> <topic>`, then a JSON array of payloads. The line comes first so
 * that own messages, and topics in which nobody is interested, cost nothing to read.
 */
export interface BusMessage {
  sender: string;
  topic: string;
  /** JSON text of an array; unchecked */
  body: string;
}

const HEAD = /^pladmed1 ([0-9a-f]{16}) ([a-z-]{1,32})$/;
/** Longer than any head. */
const HEAD_BYTES = 80;
/** More than twice what a server of ours puts into one message. */
const MAX_BYTES = 4 * 1024 * 1024;
const NEW_LINE = 0x0a;

export function encodeMessage(sender: string, topic: string, payloads: readonly string[]): string {
  return `pladmed1 ${sender} ${topic}\n[${payloads.join(',')}]`;
}

/** @returns undefined for anything that no server of this version sends */
export function decodeMessage(raw: Buffer): BusMessage | undefined {
  if (raw.length > MAX_BYTES) return undefined;
  const end = raw.subarray(0, HEAD_BYTES).indexOf(NEW_LINE);
  const [, sender, topic] = HEAD.exec(raw.toString('latin1', 0, Math.max(end, 0))) ?? [];
  if (sender === undefined || topic === undefined) return undefined;
  return { sender, topic, body: raw.toString('utf8', end + 1) };
}

/** @returns undefined where the body is no array */
export function payloadsIn(body: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
