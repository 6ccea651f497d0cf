import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = join(import.meta.dirname, '../../docs/scaling.md');
const STATEMENT = /^sh\.shardCollection\('pladmed\.(\w+)', \{ (.+) \}\)$/gm;

/** @returns by collection the fields of its shard key, in order, as docs/scaling.md tells operators to choose them */
export function shardKeys(): Map<string, string[]> {
  const statements = [...readFileSync(DOCUMENT, 'utf8').matchAll(STATEMENT)];
  return new Map(
    statements.map(([, collection = '', key = '']) => [
      collection,
      key.split(', ').map((field) => field.replace(/: 1$/, '')),
    ]),
  );
}
