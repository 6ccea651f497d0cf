import { LRUCache } from 'lru-cache';
import mongoose from 'mongoose';

/** What an object of a document takes beside the bytes that it is known by, which are kept as well: by heap snapshots. */
const MEMORY_PER_BYTE = 6;
const MEMORY_OF_ENTRY = 300;
/** A larger share of the memory is not given to one document. */
const MOST_SHARE = 1 / 16;

/**
 * Objects of documents by the bytes that MongoDB has sent (a find with `raw: true`): the same bytes are the same object, so what is
 * made of a document is made once (`madeOnce`). It cannot be out of date: each reading asks MongoDB for the bytes.
 */
export class KnownDocuments<Document extends object> {
  private readonly known: LRUCache<string, Readonly<Document>>;

  /** @param mostMemory roughly, in bytes */
  constructor(mostMemory: number) {
    this.known = new LRUCache({
      maxSize: mostMemory,
      maxEntrySize: mostMemory * MOST_SHARE,
      sizeCalculation: (_document, bytes) => MEMORY_OF_ENTRY + MEMORY_PER_BYTE * bytes.length,
    });
  }

  /** @param bytes of one document of BSON @returns an object that nobody may change */
  of(bytes: Buffer): Readonly<Document> {
    const name = bytes.toString('latin1');
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const document = Object.freeze(mongoose.mongo.BSON.deserialize(bytes) as Document);
    this.known.set(name, document);
    return document;
  }
}

/** @param make gives the same whenever it is given the same object @returns what makes it once for each object that is still in memory */
export function madeOnce<From extends object, Made>(make: (from: From) => Made): (from: From) => Made {
  const all = new WeakMap<From, Made>();
  return (from) => {
    const known = all.get(from);
    if (known !== undefined) return known;
    const made = make(from);
    all.set(from, made);
    return made;
  };
}
