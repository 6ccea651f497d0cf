import { type ProbeEntity } from './probe.schema.js';

/** Tags that begin like this are the server's: no owner gives them. */
export const SYSTEM_TAG = 'system-';

const WORKING = { 'system-ipv4-works': 'ipv4', 'system-ipv6-works': 'ipv6' } as const;

/** @returns the tags of its owner, and those that the server makes of what the probe can do */
export function tagsOf({ tags, capabilities }: Pick<ProbeEntity, 'tags' | 'capabilities'>): string[] {
  const made = Object.entries(WORKING).flatMap(([tag, family]) => (capabilities?.[family] ? [tag] : []));
  return [...tags.filter((tag) => !tag.startsWith(SYSTEM_TAG)), ...made];
}

/** @returns what MongoDB is asked for probes that have each of these tags */
export function tagsCondition(tags: readonly string[]): object {
  const own = tags.filter((tag) => !tag.startsWith(SYSTEM_TAG));
  const made = tags.filter((tag) => tag.startsWith(SYSTEM_TAG));
  return {
    ...(own.length > 0 && { tags: { $all: own } }),
    ...(made.length > 0 && { $and: made.map(madeCondition) }),
  };
}

function madeCondition(tag: string): object {
  const family = Object.entries(WORKING).find(([name]) => name === tag)?.[1];
  // the server makes no other: nobody has it
  return family === undefined ? { tags: { $in: [] } } : { [`capabilities.${family}`]: true };
}
