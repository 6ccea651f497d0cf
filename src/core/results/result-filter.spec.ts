import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { KIND_NAMES, KINDS } from '../../measurement/kinds/index.js';
import { RTT_MEMBERS } from './result-filter.js';

/** Members of each form that an entry may have. */
function formsOf(schema: z.ZodType): string[][] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((each) => formsOf(each as z.ZodType));
  return schema instanceof z.ZodObject ? [Object.keys(schema.shape)] : [];
}

it.each(KIND_NAMES)(
  'an entry of %s has one round-trip time: with two, a filter would take either',
  (kind) => {
    const times = formsOf(KINDS[kind].summary).map((members) =>
      RTT_MEMBERS.filter((member) => members.includes(member)),
    );
    expect(times.flat()).not.toEqual([]);
    expect(times.filter((found) => found.length > 1)).toEqual([]);
  },
);
