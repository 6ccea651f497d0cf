import { KEPT_PARTS, type Retention } from './operation.schema.js';

/** For how many seconds each part of an operation's data is kept; null: for ever. */
export type KeptFor = Record<(typeof KEPT_PARTS)[number], number | null>;

/** @param own what the operation states @param platform what holds where it states nothing */
export function keptFor(own: Retention | undefined, platform: KeptFor): KeptFor {
  const { unarchived: _, ...stated } = own ?? {};
  return { ...platform, ...stated };
}
