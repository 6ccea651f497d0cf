import { Injectable } from '@nestjs/common';
import { ProbesService } from '../../core/probes/index.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type ProbeConditions, probeFilterOf } from './dto/probe-conditions.js';

/** How many probes a tag or a place may have in one search. */
const MOST_PROBES = 10_000;

/** Probes that a query of results asks for by what they are. */
@Injectable()
export class QueriedProbes {
  constructor(private readonly probes: ProbesService) {}

  /** @returns those with the tags, in the countries and places of a query; undefined: it names none. @throws DomainError invalid_request */
  async of(query: ProbeConditions): Promise<ObjectId[] | undefined> {
    const filter = probeFilterOf(query);
    if (filter === undefined) return undefined;
    const found = await this.probes.idsOf(filter, MOST_PROBES + 1);
    if (found.length <= MOST_PROBES) return found;
    const { tag, country, site, bbox } = query;
    const field = tag ? 'tag' : country ? 'country' : site ? 'site' : bbox ? 'bbox' : 'within_km';
    const message = `must be of no more than ${MOST_PROBES} probes: narrow it by another tag, a country or a place`;
    throw DomainError.invalid({ field, message });
  }
}
