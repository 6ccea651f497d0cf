import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Expected, type Seen, wasSeen } from '../../platform/database/revision.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { type Actor, type SiteEntity, SitesService } from '../sites/index.js';
import { type InstrumentDetails, type ProbeEntity } from './probe.schema.js';
import { InstrumentsRepository } from './instruments.repository.js';
import { ProbesRepository } from './probes.repository.js';
import { ProbesService, RETIRED } from './probes.service.js';

/** Sites of one owner that are looked for in one go. */
const SITES = 100;

/** Probes as the instruments of sites. */
@Injectable()
export class InstrumentsService {
  constructor(
    private readonly probes: ProbesRepository,
    private readonly instruments: InstrumentsRepository,
    private readonly register: ProbesService,
    private readonly sites: SitesService,
    private readonly transactions: TransactionsService,
    private readonly clock: PlatformClock,
  ) {}

  /** @throws DomainError not_found where there is no such probe, or the site does not hold it */
  async get(siteName: string, id: ObjectId | undefined): Promise<{ site: SiteEntity; probe: ProbeEntity }> {
    const site = await this.sites.get(siteName);
    const probe = await this.register.get(id);
    if (probe.site !== site.name) throw new DomainError('not_found', 'The site does not hold this probe');
    return { site, probe };
  }

  /** @returns how many probes each of them holds; those that hold none are left out */
  async countAt(sites: readonly SiteEntity[]): Promise<Map<string, number>> {
    return this.instruments.countAtSites(sites.map(({ name }) => name));
  }

  /** @returns how many probes it holds */
  async countOf(site: SiteEntity): Promise<number> {
    return (await this.countAt([site])).get(site.name) ?? 0;
  }

  /**
   * Makes a probe an instrument of a site, taking it from the one that holds it, or replaces what is known of it.
   * @throws DomainError not_found, forbidden (the site is somebody else's, or the probe is and comes from elsewhere), conflict (it is retired),
   *   precondition_required, changed_meanwhile
   */
  async place(
    siteName: string,
    id: ObjectId | undefined,
    user: Actor,
    instrument: InstrumentDetails,
    expected: Expected,
  ): Promise<{ site: SiteEntity; probe: ProbeEntity; created: boolean }> {
    const { _id, owner } = await this.register.get(id);
    return this.transactions.run(async (transaction) => {
      const site = await this.sites.hold(siteName, user, transaction);
      const before = await this.probes.findById(_id, transaction);
      if (before === null) throw new DomainError('not_found', 'There is no such probe');
      if (before.suspended?.retired) throw new DomainError('conflict', RETIRED);
      const isHere = before.site === site.name;
      if (!isHere && !user.is_superuser && !owner.equals(user._id))
        throw new DomainError('forbidden', 'The probe is not yours');
      const seen = seenOf(before, isHere, expected);
      const placed = { site: site.name, instrument };
      const probe = await this.instruments.placeInstrument(_id, seen, placed, this.clock.now(), transaction);
      if (probe === null) throw new ChangedMeanwhileError('The probe', before.revision);
      return { site, probe, created: !isHere };
    });
  }

  /**
   * The probe stays, and is an instrument of no site; what was known of its device is forgotten.
   * @throws DomainError not_found, forbidden (neither the site nor the probe is the user's), changed_meanwhile
   */
  async take(siteName: string, id: ObjectId | undefined, user: Actor, seen: Seen): Promise<void> {
    const { site, probe } = await this.get(siteName, id);
    if (!user.is_superuser && !probe.owner.equals(user._id) && !site.owner.equals(user._id))
      throw new DomainError('forbidden', 'Neither the site nor the probe is yours');
    const taken = await this.instruments.takeFromSite(probe._id, site.name, seen, this.clock.now());
    if (taken !== null) return;
    const { probe: now } = await this.get(siteName, id);
    throw new ChangedMeanwhileError('The probe', now.revision);
  }

  /**
   * Deletes a site.
   * @param moveTo the site that gets its probes
   * @throws DomainError not_found, forbidden, changed_meanwhile, invalid_request (`move_to` is no other site), conflict where it
   *   holds probes and nobody said where they go
   */
  async deleteSite(siteName: string, user: Actor, seen: Seen, moveTo: string | undefined): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const site = await this.sites.hold(siteName, user, transaction);
      if (!wasSeen(seen, site.revision)) throw new ChangedMeanwhileError('The site', site.revision);
      const held = await this.instruments.countAtSite(site.name, transaction);
      const target = await this.targetOf(site, moveTo, user, transaction);
      if (held > 0 && target === undefined) {
        const what = held === 1 ? '1 probe is' : `${held} probes are`;
        throw new DomainError(
          'conflict',
          `${what} at the site: take them away, or say in move_to which site gets them`,
        );
      }
      if (held > 0 && target !== undefined)
        await this.instruments.moveAll(site.name, target.name, this.clock.now(), transaction);
      await this.sites.delete(site, transaction);
    });
  }

  /**
   * Ends the sites of an owner who is gone, whose own probes are retired. One with probes of others is emptied and stays, any other is
   * deleted. May be done again, and by two servers at once.
   */
  async endSitesOf(owner: ObjectId): Promise<void> {
    let page: SiteEntity[];
    let after: ObjectId | undefined;
    do {
      page = await this.sites.list({ owner }, SITES, { after });
      for (const { name } of page) await this.endSite(name, owner);
      after = page.at(-1)?._id;
    } while (page.length === SITES);
  }

  private async endSite(name: string, owner: ObjectId): Promise<void> {
    await this.transactions.run(async (transaction) => {
      // as a superuser: one that is emptied already is nobody's
      const site = await this.sites.holdKnown(name, { _id: owner, is_superuser: true }, transaction);
      if (site === undefined) return;
      if ((await this.instruments.countAtSite(name, transaction)) === 0)
        await this.sites.delete(site, transaction);
      else await this.sites.empty(site, transaction);
    });
  }

  private async targetOf(
    site: SiteEntity,
    moveTo: string | undefined,
    user: Actor,
    transaction: Transaction,
  ): Promise<SiteEntity | undefined> {
    if (moveTo === undefined) return undefined;
    const target = await this.sites.holdKnown(moveTo, user, transaction);
    if (target !== undefined && !target._id.equals(site._id)) return target;
    throw DomainError.invalid({
      field: 'move_to',
      message: 'must be the name of another site',
      in: 'parameter',
    });
  }
}

/** @returns what the update asks of the probe; undefined: that no site holds it. @throws DomainError precondition_required, changed_meanwhile */
function seenOf(probe: ProbeEntity, isHere: boolean, expected: Expected): Seen | undefined {
  if (expected === 'nothing') {
    if (isHere) throw new ChangedMeanwhileError('The probe', probe.revision);
    return 'any';
  }
  if (expected !== 'unstated') return expected;
  if (probe.site === undefined) return undefined;
  throw new DomainError(
    'precondition_required',
    `The probe is an instrument of ${probe.site}: send its ETag in If-Match`,
  );
}
