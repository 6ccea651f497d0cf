import { type ObjectId } from './object-id.js';

/**
 * The texts of ids, for work on many documents: those of one operation or probe mostly share the object that names it, and to write its
 * text anew takes longer than to look it up. It keeps all of them: one for each piece of work.
 */
export class IdTexts {
  private readonly texts = new Map<ObjectId, string>();

  /** @returns 24 hexadecimal digits */
  of(id: ObjectId): string {
    const known = this.texts.get(id);
    if (known !== undefined) return known;
    const text = id.toHexString();
    this.texts.set(id, text);
    return text;
  }
}
