import { type ProbeEntity } from './probe.schema.js';

/** Whether a probe is here, or since when it is not. */
export const PRESENCES = ['never', 'connected', 'away', 'abandoned'] as const;
export type Presence = (typeof PRESENCES)[number];

/** One that was away for so long is abandoned. */
const ABANDONED_MS = 90 * 86_400_000;

/** What listings by page number ask beside a filter; what is absent does not matter. */
export interface ProbeSearch {
  presences?: readonly Presence[] | undefined;
  /** none of them */
  withoutTags?: readonly string[] | undefined;
  /** in its name, in any case */
  text?: string | undefined;
  /** degrees, both ends included */
  latitude?: { from?: number | undefined; to?: number | undefined } | undefined;
  longitude?: { from?: number | undefined; to?: number | undefined } | undefined;
  /** networks that announced prefixes equal */
  prefixesV4?: readonly string[] | undefined;
  prefixesV6?: readonly string[] | undefined;
}

export interface ProbePage {
  isDescending: boolean;
  skip: number;
  limit: number;
}

/** @param isConnected by the one truth of who is */
export function presenceOf(
  { last_seen }: Pick<ProbeEntity, 'last_seen'>,
  isConnected: boolean,
  now: Date,
): Presence {
  if (isConnected) return 'connected';
  if (last_seen === undefined) return 'never';
  return now.getTime() - last_seen.getTime() > ABANDONED_MS ? 'abandoned' : 'away';
}

/** @param servers those whose probes are connected @returns what MongoDB is asked for */
export function searchConditions(search: ProbeSearch, servers: readonly string[], now: Date): object[] {
  const { presences, withoutTags, text, latitude, longitude, prefixesV4, prefixesV6 } = search;
  return [
    presences &&
      (presences.length === 0
        ? { _id: { $in: [] } }
        : { $or: presences.map((presence) => presenceCondition(presence, servers, now)) }),
    withoutTags && withoutTags.length > 0 && { tags: { $nin: withoutTags } },
    text !== undefined && {
      name: { $regex: text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), $options: 'i' },
    },
    latitude && { 'location.coordinates.1': within(latitude) },
    longitude && { 'location.coordinates.0': within(longitude) },
    prefixesV4 && { prefix_v4: { $in: prefixesV4 } },
    prefixesV6 && { prefix_v6: { $in: prefixesV6 } },
  ].filter((each) => typeof each === 'object');
}

function presenceCondition(presence: Presence, servers: readonly string[], now: Date): object {
  if (presence === 'connected') return { 'connection.server': { $in: servers } };
  const abandoned = new Date(now.getTime() - ABANDONED_MS);
  const seen = {
    never: { $exists: false },
    away: { $gte: abandoned },
    abandoned: { $lt: abandoned },
  }[presence];
  return { 'connection.server': { $nin: servers }, last_seen: seen };
}

function within({ from, to }: { from?: number | undefined; to?: number | undefined }): object {
  return { ...(from !== undefined && { $gte: from }), ...(to !== undefined && { $lte: to }) };
}
