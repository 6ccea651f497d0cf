import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { OperationsService } from '../../../core/operations/index.js';
import {
  countriesIn,
  lotOf,
  MAX_PROBES,
  type ProbeEntity,
  type ProbeFilter,
  type ProbeSearch,
  ProbesService,
  type Selection,
  tagsOf,
} from '../../../core/probes/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { AREAS, noProbe, type Source, sourceAt } from './sources.js';
import { type Family } from './types.js';

/** Tags that the server makes of what a probe can do. */
const MADE_TAGS: Readonly<Record<string, Family>> = { 'system-ipv4-works': 4, 'system-ipv6-works': 6 };
const SYSTEM_TAG = 'system-';
const SEED_BYTES = 8;

/** What probes have to be able to do. */
export interface Needs {
  kinds: readonly KindName[];
  families: readonly Family[];
}

export interface Choice {
  ids: ObjectId[];
  /** how the first source was followed: it can be done again */
  selection: Selection | undefined;
}

/** Regions that are no areas of UN M49: what RIRs serve, and unions. */
const RIRS: Readonly<Record<string, readonly string[]>> = {
  afrinic: ['africa'],
  apnic: ['eastern asia', 'south-eastern asia', 'southern asia', 'oceania'],
  arin: ['northern america'],
  lacnic: ['latin america and the caribbean'],
  ripencc: ['europe', 'western asia', 'central asia'],
};
/** Members of the European Union since 2020. */
const EU27 = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');

/** Follows the sources of a request. */
@Injectable()
export class ChosenProbes {
  constructor(
    private readonly probes: ProbesService,
    private readonly operations: OperationsService,
  ) {}

  /**
   * Several sources add up; each probe counts once. Where there are fewer than asked for it is those.
   * @param without ids that are not drawn
   * @throws DomainError invalid_request at the first source that leads to no probe
   */
  async choose(
    sources: readonly Source[],
    needs: Needs,
    reader: UserEntity,
    without: ReadonlySet<string> = new Set(),
  ): Promise<Choice> {
    const chosen = new Map<string, ObjectId>();
    const seed = randomBytes(SEED_BYTES).toString('hex');
    for (const [index, source] of sources.entries()) {
      const found = await this.candidatesOf(source, index, needs, reader);
      const drawn = found
        .map((id) => ({ id, lot: lotOf(seed, { _id: id }) }))
        .sort((a, b) => (a.lot < b.lot ? -1 : 1))
        .filter(({ id }) => !chosen.has(id.toHexString()) && !without.has(id.toHexString()))
        .slice(0, source.requested ?? MAX_PROBES);
      if (found.length === 0)
        throw DomainError.invalid(noProbe(sourceAt(index), 'must lead to at least one probe'));
      for (const { id } of drawn) chosen.set(id.toHexString(), id);
    }
    const ids = [...chosen.values()];
    const isDrawn = sources.some(({ chosen: { type } }) => type !== 'probes' && type !== 'msm');
    return { ids, selection: isDrawn ? { count: ids.length, seed } : undefined };
  }

  /** @returns ids of all that the source allows */
  private async candidatesOf(
    source: Source,
    index: number,
    needs: Needs,
    reader: UserEntity,
  ): Promise<ObjectId[]> {
    const { chosen } = source;
    if (chosen.type === 'probes' || chosen.type === 'msm') {
      const named =
        chosen.type === 'probes'
          ? await this.named(chosen.numbers, index)
          : await this.ofMeasurement(chosen.number, index, reader);
      const isThere = (probe: ProbeEntity) =>
        chosen.type === 'probes' || this.probes.connectionOf(probe) !== undefined;
      return named.filter((probe) => isThere(probe) && isRight(probe, source)).map(({ _id }) => _id);
    }
    // nobody can do what is needed, and cannot
    if (needs.families.some((family) => source.exclude.some((tag) => MADE_TAGS[tag] === family))) return [];
    const { filter, search } = this.conditionsOf(source, needs);
    return this.probes.searchIds(filter, search, MAX_PROBES);
  }

  private async named(numbers: readonly number[], index: number): Promise<ProbeEntity[]> {
    const found = await this.probes.byNumbers(numbers);
    const known = new Set(found.map(({ number }) => number));
    const unknown = numbers.find((number) => !known.has(number));
    if (unknown !== undefined)
      throw DomainError.invalid(noProbe(sourceAt(index), `must name probes that exist: ${unknown} does not`));
    return found.filter(({ imported, suspended }) => imported === undefined && suspended === undefined);
  }

  private async ofMeasurement(number: number, index: number, reader: UserEntity): Promise<ProbeEntity[]> {
    const [operation] = await this.operations.byNumbers([number], reader);
    if (operation === undefined)
      throw DomainError.invalid(
        noProbe(sourceAt(index), `must name a measurement that exists: ${number} does not`),
      );
    // who was taken away from it measures no more
    const [current = []] = await this.operations.probesOfAll([operation], 'current');
    return current;
  }

  private conditionsOf({ chosen, include, exclude }: Source, { kinds, families }: Needs) {
    const made = (tags: readonly string[], family: Family) => tags.some((tag) => MADE_TAGS[tag] === family);
    const own = (tags: readonly string[]) => tags.filter((tag) => !tag.startsWith(SYSTEM_TAG));
    const wants = (family: Family) => families.includes(family) || made(include, family);
    const has = (family: Family) => (wants(family) ? true : made(exclude, family) ? false : undefined);
    const filter: ProbeFilter = {
      ...{ connected: true, suspended: false, measuresHere: true, kinds, tags: own(include) },
      ...{ ipv4: has(4), ipv6: has(6) },
      ...placeOf(chosen),
    };
    const search: ProbeSearch = { withoutTags: own(exclude) };
    if (chosen.type === 'area') Object.assign(search, areaOf(AREAS[chosen.area]));
    return { filter, search };
  }
}

function placeOf(chosen: Source['chosen']): ProbeFilter {
  switch (chosen.type) {
    case 'countries':
      return { countries: chosen.countries };
    case 'region':
      return { countries: atLeastOne(regionCountries(chosen.region)) };
    case 'asn':
      return { asns: [chosen.asn] };
    case 'prefix':
      return { prefixes: [chosen.prefix] };
    default:
      return {};
  }
}

/** An empty list would ask for nothing. */
function atLeastOne(countries: string[]): string[] {
  return countries.length === 0 ? ['--'] : countries;
}

/** @param region as Atlas has it, with underscores: `southern_europe`, `latin_america_and_caribbean`, `ripencc`, `eu27` */
export function regionCountries(region: string): string[] {
  const name = region.replaceAll(/[_ ]+/g, ' ').trim();
  if (name === 'eu27' || name === 'eu') return [...EU27];
  const parts = RIRS[name.replaceAll(' ', '')] ?? [name];
  return [...new Set(parts.flatMap((part) => namesInM49(part).flatMap((each) => countriesIn(each))))];
}

/** M49 writes some of its names with hyphens and articles. */
function namesInM49(name: string): string[] {
  return [
    name,
    name.replaceAll(' ', '-'),
    name.replace(/^south eastern/, 'south-eastern'),
    name.replace('and caribbean', 'and the caribbean'),
  ];
}

function areaOf({
  west,
  east,
  south,
  north,
}: {
  west?: number;
  east?: number;
  south?: number;
  north?: number;
}): ProbeSearch {
  // the ends belong to the area on the east, and to the north
  const [before, below] = [1e-9, 1e-9];
  return {
    ...((west !== undefined || east !== undefined) && {
      longitude: { from: west, to: east === undefined ? undefined : east - before },
    }),
    ...((south !== undefined || north !== undefined) && {
      latitude: { from: south, to: north === undefined ? undefined : north - below },
    }),
  };
}

/** Of probes that are named: their tags alone are asked for; of one that has not come yet nothing is known of what it can do. */
function isRight(probe: ProbeEntity, { include, exclude }: Source): boolean {
  const tags = new Set(tagsOf(probe).map((tag) => tag.toLowerCase()));
  const isMade = (tag: string) => Object.hasOwn(MADE_TAGS, tag);
  const isMet = (tag: string) => {
    if (tag.startsWith(SYSTEM_TAG) && !isMade(tag)) return true;
    return tags.has(tag) || (isMade(tag) && probe.capabilities === undefined);
  };
  return include.every(isMet) && !exclude.some((tag) => tags.has(tag));
}
