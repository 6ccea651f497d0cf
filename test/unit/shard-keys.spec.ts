import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type IndexDefinition, type IndexOptions, Schema } from 'mongoose';
import { shardKeys } from '../support/shard-keys.js';

const SOURCE = join(import.meta.dirname, '../../src');

/** What MongoDB asks of a sharded collection, of the shard keys that docs/scaling.md names. */
describe('shard keys', () => {
  const indexes = new Map<string, [IndexDefinition, IndexOptions][]>();

  beforeAll(async () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.schema.ts'))) {
      const exported = Object.values((await import(join(SOURCE, file))) as Record<string, unknown>);
      for (const schema of exported) {
        if (schema instanceof Schema) indexes.set(String(schema.get('collection')), schema.indexes());
      }
    }
  });

  it('are of collections that there are', () => {
    const keys = shardKeys();
    expect([...keys.keys()].filter((collection) => !indexes.has(collection))).toEqual([]);
    expect(keys.size).toBeGreaterThan(3);
  });

  it('begin each unique index: MongoDB cannot see to it over several shards otherwise', () => {
    const wrong = [...shardKeys()].flatMap(([collection, key]) =>
      (indexes.get(collection) ?? [])
        .filter(([fields, { unique }]) => unique === true && !beginsWith(fields, key))
        .map(([fields]) => `${collection}: ${JSON.stringify(fields)}`),
    );
    expect(wrong).toEqual([]);
  });

  it('begin an index of all documents, which splits and moves of chunks go by', () => {
    const without = [...shardKeys()].filter(
      ([collection, key]) =>
        key.join() !== '_id' &&
        !(indexes.get(collection) ?? []).some(
          ([fields, { sparse, partialFilterExpression }]) =>
            sparse !== true && partialFilterExpression === undefined && beginsWith(fields, key),
        ),
    );
    expect(without).toEqual([]);
  });
});

function beginsWith(fields: IndexDefinition, key: readonly string[]): boolean {
  return Object.keys(fields).slice(0, key.length).join() === key.join();
}
