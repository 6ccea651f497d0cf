/** What each question may take without asking: an entry for each try that brings nothing. */
export const RESERVED_ENTRIES = 4;
/** Of an entry without a message that came: a name, the query with it in base64, and the rest. */
const ENTRY_BYTES = 1_200;

/**
 * The room of one result: no message that came may make it larger than the server reads, and the entries that say what became of a question
 * always fit.
 */
export class Room {
  private entries: number;
  private bytes: number;

  constructor(most: { entries: number; bytes: number }, questions: number) {
    this.entries = most.entries - questions * RESERVED_ENTRIES;
    this.bytes = most.bytes - questions * RESERVED_ENTRIES * ENTRY_BYTES;
  }

  /** Gives back what a question did not need of its own entries. */
  giveBack(entries: number): void {
    this.entries += entries;
    this.bytes += entries * ENTRY_BYTES;
  }

  /** Takes the room of an entry, a comma included. @returns false where there is too little, and nothing is taken */
  take(entry: object): boolean {
    const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (this.entries < 1 || this.bytes < bytes) return false;
    this.entries--;
    this.bytes -= bytes;
    return true;
  }
}
