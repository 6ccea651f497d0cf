import { type ObjectId } from '../../platform/database/object-id.js';
import { type Load, roomFor } from './probe-load.js';
import { type WindowName } from './reliability-figures.js';
import { rangeOf } from './address-range.js';
import { tagsCondition } from './system-tags.js';

/** A location and how far around it, in km; without a distance everywhere is near enough. */
export interface NearLocation {
  /** degrees, -180 to 180 */
  longitude: number;
  /** degrees, -90 to 90 */
  latitude: number;
  within_km?: number | undefined;
}

/** From its south-west corner to its north-east one, in degrees; one whose west is greater than its east lies across the date line. */
export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** What is asked of probes; what is absent does not matter. */
export interface ProbeFilter {
  owner?: ObjectId | undefined;
  /** a kind of measurement that it has to be able to do; `notOver`: labels of protocols in which it cannot be told what to do */
  kind?: { name: string; notOver?: readonly string[] } | undefined;
  /** more of them: each */
  kinds?: readonly string[] | undefined;
  connected?: boolean | undefined;
  /** whether it has a way to others over this family; one that did not say does not match */
  ipv4?: boolean | undefined;
  ipv6?: boolean | undefined;
  /** each of them */
  tags?: readonly string[] | undefined;
  near?: NearLocation | undefined;
  box?: Box | undefined;
  /** any of them, ISO 3166-1 alpha-2 */
  countries?: readonly string[] | undefined;
  /** any of them: of IPv4 or of IPv6 */
  asns?: readonly number[] | undefined;
  asns_v4?: readonly number[] | undefined;
  asns_v6?: readonly number[] | undefined;
  /** CIDR; inside any of them, by a prefix of either family */
  prefixes?: readonly string[] | undefined;
  /** any of them */
  numbers?: readonly number[] | undefined;
  /** from the first to the last, both included; absent: without that end */
  numbersFrom?: number | undefined;
  numbersTo?: number | undefined;
  anchor?: boolean | undefined;
  /** any of them, by name */
  sites?: readonly string[] | undefined;
  /** instruments of any site */
  installed?: true | undefined;
  /** of the figures below; a week if absent */
  window?: WindowName | undefined;
  /** 0 to 1; a probe without the figure does not match */
  min_uptime?: number | undefined;
  min_share?: number | undefined;
  exclude?: readonly ObjectId[] | undefined;
  /** true: not those that stand for a host of a file */
  measuresHere?: true | undefined;
  /** false: those alone that are not suspended */
  suspended?: false | undefined;
  /** so much more they can be given */
  room?: Load | undefined;
}

export const DEFAULT_WINDOW: WindowName = 'week';

/** The parts of a filter, by the names that callers know them by. */
const CONDITION_NAMES = [
  'mine',
  'kind',
  'kinds',
  'connected',
  'ipv4',
  'ipv6',
  'tags',
  'near',
  'box',
  'countries',
  'asn',
  'prefix',
  'number',
  'anchor',
  'sites',
  'min_uptime',
  'min_share',
  'exclude',
  'measuresHere',
  'suspended',
  'room',
] as const;
export type ConditionName = (typeof CONDITION_NAMES)[number];

/** One part of a filter, as MongoDB is asked for it. */
export interface Condition {
  name: ConditionName;
  where: object;
}

/** Of the sphere that MongoDB measures distances on. */
export const EARTH_RADIUS_KM = 6378.1;

/** @param servers those whose probes are connected */
export function conditionsOf(filter: ProbeFilter, servers: readonly string[]): Condition[] {
  const { owner, kind, kinds, connected, ipv4, ipv6, tags, exclude, measuresHere, room } = filter;
  const { window = DEFAULT_WINDOW, min_uptime, min_share } = filter;
  const all: Record<ConditionName, object | false | undefined> = {
    mine: owner && { owner },
    kind: kind && {
      'capabilities.kinds': kind.name,
      ...(isAsked(kind.notOver) && { 'capabilities.protocol': { $nin: kind.notOver } }),
    },
    kinds: isAsked(kinds) && { 'capabilities.kinds': { $all: kinds } },
    connected: connected !== undefined && {
      'connection.server': connected ? { $in: servers } : { $nin: servers },
    },
    ipv4: ipv4 !== undefined && { 'capabilities.ipv4': ipv4 },
    ipv6: ipv6 !== undefined && { 'capabilities.ipv6': ipv6 },
    tags: isAsked(tags) && tagsCondition(tags),
    ...placesOf(filter),
    ...networksOf(filter),
    min_uptime: min_uptime !== undefined && { [`reliability.${window}.uptime`]: { $gte: min_uptime } },
    min_share: min_share !== undefined && { [`reliability.${window}.share`]: { $gte: min_share } },
    exclude: isAsked(exclude) && { _id: { $nin: exclude } },
    measuresHere: measuresHere && { imported: { $exists: false } },
    suspended: filter.suspended === false && { suspended: { $exists: false } },
    room: room && roomFor(room),
  };
  return CONDITION_NAMES.flatMap((name) => {
    const where = all[name];
    return where ? [{ name, where }] : [];
  });
}

function placesOf({
  near,
  box,
  countries,
  sites,
  installed,
}: ProbeFilter): Record<'near' | 'box' | 'countries' | 'sites', object | false | undefined> {
  return {
    near: near?.within_km !== undefined && {
      location: {
        $geoWithin: {
          $centerSphere: [[near.longitude, near.latitude], near.within_km / EARTH_RADIUS_KM],
        },
      },
    },
    box: box && boxCondition(box),
    countries: isAsked(countries) && { country: { $in: countries } },
    sites: isAsked(sites) ? { site: { $in: sites } } : installed && { site: { $exists: true } },
  };
}

function networksOf(
  filter: ProbeFilter,
): Record<'asn' | 'prefix' | 'number' | 'anchor', object | false | undefined> {
  const { asns, asns_v4, asns_v6, prefixes, numbers, numbersFrom, numbersTo, anchor } = filter;
  const systems = [
    ...(isAsked(asns) ? [{ $or: [{ asn_v4: { $in: asns } }, { asn_v6: { $in: asns } }] }] : []),
    ...(isAsked(asns_v4) ? [{ asn_v4: { $in: asns_v4 } }] : []),
    ...(isAsked(asns_v6) ? [{ asn_v6: { $in: asns_v6 } }] : []),
  ];
  const named = [
    ...(isAsked(numbers) ? [{ number: { $in: numbers } }] : []),
    ...(numbersFrom !== undefined ? [{ number: { $gte: numbersFrom } }] : []),
    ...(numbersTo !== undefined ? [{ number: { $lte: numbersTo } }] : []),
  ];
  return {
    asn: systems.length > 0 && { $and: systems },
    prefix: isAsked(prefixes) && { $or: prefixes.map(insideCondition) },
    number: named.length > 0 && { $and: named },
    anchor: anchor !== undefined && { anchor: anchor ? true : { $ne: true } },
  };
}

function insideCondition(network: string): object {
  const range = rangeOf(network);
  return range === undefined
    ? { _id: { $in: [] } }
    : { ranges: { $elemMatch: { from: { $gte: range.from, $lte: range.to }, to: { $lte: range.to } } } };
}

/** By degrees alone, as a map shows it: sides of a box on a sphere would be arcs. */
function boxCondition({ west, south, east, north }: Box): object {
  const from = { 'location.coordinates.0': { $gte: west } };
  const to = { 'location.coordinates.0': { $lte: east } };
  return {
    'location.coordinates.1': { $gte: south, $lte: north },
    ...(west <= east ? { $and: [from, to] } : { $or: [from, to] }),
  };
}

function isAsked<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}

/** @returns what MongoDB is asked for: all of these */
export function allOf(conditions: readonly Pick<Condition, 'where'>[], ...more: object[]): object {
  const all = [...conditions.map(({ where }) => where), ...more];
  return all.length === 0 ? {} : { $and: all };
}
