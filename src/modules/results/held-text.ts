const PIECE_CHARACTERS = 256 * 1024;
/** So long a reader keeps a text while others wait. */
const TURN_MS = 5_000;
const LOOK_EVERY_MS = 500;

/** A large text while its reader takes it, piece by piece; given up by itself when its turn is over and others wait. */
export class HeldText {
  readonly length: number;
  private text: string | undefined;
  private readonly timer: NodeJS.Timeout;

  /** @param leave gives the turn back */
  constructor(
    text: string,
    private readonly leave: () => void,
    othersWait: () => boolean,
  ) {
    this.text = text;
    this.length = text.length;
    const end = performance.now() + TURN_MS;
    // a reader that takes nothing is suspended, and cannot look by itself
    this.timer = setInterval(() => {
      if (performance.now() >= end && othersWait()) this.giveUp();
    }, LOOK_EVERY_MS).unref();
  }

  /** @returns a copy of some of it, in UTF-8, and where it ends; undefined: it was given up */
  pieceFrom(from: number): { bytes: Buffer; end: number } | undefined {
    if (this.text === undefined) return undefined;
    let end = Math.min(this.length, from + PIECE_CHARACTERS);
    // the two halves of a character stay together
    while (end < this.length && isHighSurrogate(this.text.charCodeAt(end - 1))) end += 1;
    return { bytes: Buffer.from(this.text.slice(from, end), 'utf8'), end };
  }

  /** All of it, and the turn is over. */
  takeAll(): string {
    const text = this.text ?? '';
    this.giveUp();
    return text;
  }

  giveUp(): void {
    this.text = undefined;
    clearInterval(this.timer);
    this.leave();
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
