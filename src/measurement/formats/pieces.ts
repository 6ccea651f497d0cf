/** Characters, or bytes, that are handed on at once. */
const PIECE = 32 * 1024;

/**
 * Makes pieces of any size into copies of a middling size: a reader that does not take the next one holds no more than that,
 * and not what it was cut from.
 */
export async function* inPieces(source: AsyncIterable<string | Buffer>): AsyncGenerator<Buffer, void> {
  let small = '';
  for await (const part of source) {
    if (typeof part === 'string') small += part;
    else yield* slicesOf(part);
    if (small.length < PIECE) continue;
    for (let from = 0; from < small.length;) {
      const end = cutNear(small, from + PIECE);
      yield Buffer.from(small.slice(from, end));
      from = end;
    }
    small = '';
  }
  if (small !== '') yield Buffer.from(small);
}

function* slicesOf(bytes: Buffer): Generator<Buffer, void> {
  for (let from = 0; from < bytes.length; from += PIECE)
    yield Buffer.from(bytes.subarray(from, from + PIECE));
}

/** The two halves of a character stay together. */
function cutNear(text: string, end: number): number {
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end + 1 : end;
}

export interface Measured {
  length: number;
  text?: string;
}

/** @returns how many characters there are, and the text itself while it has no more than `keep`; undefined: more than `most` */
export async function measured(
  source: AsyncIterable<string>,
  most: number,
  keep = most,
): Promise<Measured | undefined> {
  let text: string | undefined = '';
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > most) return undefined;
    text = text === undefined || length > keep ? undefined : text + part;
  }
  return { length, ...(text !== undefined && { text }) };
}

/** All of it: for texts that are known to be short. */
export async function wholeText(source: AsyncIterable<string>): Promise<string> {
  return (await measured(source, Infinity))?.text ?? '';
}
